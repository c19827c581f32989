import type { Psid } from '../../src/domain/ids.js';
import { callGraph, type GraphAnswer } from '../support/graph-client.js';
import { newPerson, openShop, secretOf, type Shop } from '../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { desk, marketing, shop } from '../support/thread-fixtures.js';

let signalbox: TestSignalbox;
let world: Shop;

beforeAll(async () => {
  signalbox = await startSignalbox({ RATE_LIMITS: 'platform' });
  world = await openShop(signalbox);
});
afterAll(async () => {
  await signalbox?.stop();
});

const advance = (time: string) => signalbox.api('POST', '/api/v1/simulator/clock', { advance: time });
const usageOf = (answer: GraphAnswer, header: string) => JSON.parse(answer.headers.get(header) ?? 'null');
const sendTo = (person: Psid) =>
  world.as(desk).post('/me/messages', { recipient: { id: person }, message: { text: 'hello' } });

describe.each([
  ['messenger', 80006, 'messenger account'],
  ['instagram', 80002, 'Instagram account'],
] as const)('on %s', (channel, code, whose) => {
  it('a page has 200 sends within 24 hours for each person who was in touch, and is told how many are used up', async () => {
    const person = newPerson();
    await world.person(channel, person);
    const body = `recipient[id]=${person}&message[text]=hi`;
    const batch = Array.from({ length: 50 }, () => ({ method: 'POST', relative_url: 'me/messages', body }));
    for (let half = 1; half <= 4; half++) {
      const { body: answers } = await world.as(desk).post('/', { batch });
      expect(answers.map((answer: any) => answer.code)).toEqual(batch.map(() => 200));
      const headers = answers.at(-1).headers.map(({ name, value }: any) => [name, value]);
      const [cases] = Object.values<any>(JSON.parse(Object.fromEntries(headers)['x-business-use-case-usage']));
      expect(cases).toContainEqual(expect.objectContaining({ type: channel, call_count: 25 * half }));
    }
    const refused = await sendTo(person);
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ code, message: expect.stringContaining(whose) });
    const [usage] = usageOf(refused, 'x-business-use-case-usage')[shop].filter(({ type }: any) => type === channel);
    expect(Object.keys(usage)).toEqual([
      'type',
      'call_count',
      'total_cputime',
      'total_time',
      'estimated_time_to_regain_access',
    ]);
    expect(usage.estimated_time_to_regain_access).toBeGreaterThan(0);
    expect(usageOf(refused, 'x-page-usage')).toEqual({ call_count: 4, total_cputime: 0, total_time: 0 });

    await advance('24h');
    await world.person(channel, person);
    expect((await sendTo(person)).status).toBe(200);
    await advance('24h');
  });
});

it('the profile has 10 calls in 10 minutes', async () => {
  const ask = () => world.as(desk).get('/me/messenger_profile?fields=greeting');
  for (let call = 0; call < 10; call++) expect((await ask()).status).toBe(200);
  const refused = await ask();
  expect([refused.status, refused.body.error.code]).toEqual([400, 613]);
  await advance('10m');
  expect((await ask()).status).toBe(200);
});

it('an app has 200 calls an hour with its own token', async () => {
  const batch = JSON.stringify(Array.from({ length: 50 }, () => ({ method: 'GET', relative_url: 'me' })));
  const asApp = (path: string, init?: RequestInit) =>
    callGraph(`${signalbox.url}${path}?access_token=${marketing}|${secretOf(marketing)}`, init);
  for (let times = 0; times < 4; times++) await asApp('/', { method: 'POST', body: new URLSearchParams({ batch }) });
  const refused = await asApp('/me');
  expect(refused.status).toBe(403);
  expect(refused.body.error).toMatchObject({ code: 4, is_transient: true });
  expect(usageOf(refused, 'x-app-usage')).toEqual({ call_count: 100, total_cputime: 0, total_time: 0 });
  await advance('1h');
  expect(usageOf(await asApp('/me'), 'x-app-usage')).toMatchObject({ call_count: 0 });
});
