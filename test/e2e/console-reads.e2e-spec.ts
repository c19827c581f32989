import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OpenApiDocument } from '../support/openapi.js';
import { Receiver } from '../support/receiver.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';

/*
 * What people look things up with: threads by what is known of them, a delivery to the byte, how apps do, and what is wrong
 * with a page.
 */
const page = '104700000000001';
const bot = '2100000000000011';
const desk = '2200000000000022';
const instagram = '17841400000000001';

let signalbox: TestSignalbox;
let document: OpenApiDocument;
let receiver: Receiver;

beforeAll(async () => {
  signalbox = await startSignalbox();
  document = await OpenApiDocument.of(signalbox.url);
  receiver = await Receiver.start('secret-of-the-bot', 'verify-token');
  await call('PUT', `/apps/${bot}`, {
    name: 'Bot',
    callback_url: receiver.url,
    verify_token: 'verify-token',
    app_secret: 'secret-of-the-bot',
  });
  await call('PUT', `/apps/${desk}`, { name: 'Desk', kind: 'inbox' });
  await call('PUT', `/pages/${page}`, { name: 'Shop', instagram: { id: instagram } });
  for (const id of [bot, desk]) await call('PUT', `/pages/${page}/apps/${id}`, {});
  await call('PUT', `/pages/${page}`, {
    name: 'Shop',
    default_app_id: desk,
    instagram: { id: instagram, default_app_id: desk },
  });
  await call('PUT', `/pages/${page}/routes/ads/77`, { receiving_app_id: bot });
});
afterAll(async () => {
  await signalbox.stop();
  await receiver.close();
});

async function call(method: string, path: string, body?: unknown) {
  const { status, headers, body: answer } = await signalbox.api(method, `/api/v1${path}`, body);
  document.check(method, `/api/v1${path}`, { status, contentType: headers.get('content-type') ?? '', body: answer });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}
const act = (psid: string, action: object) => call('POST', `/simulator/pages/${page}/people/${psid}/actions`, action);
const listed = async (query: string): Promise<string[]> =>
  (await call('GET', `/threads?${query}`)).data.map(({ psid }: any) => psid);

describe('threads', () => {
  const people = ['7000000000000101', '7000000000000202', '7100000000000303'];
  const follower = '8000000000000404';
  beforeAll(async () => {
    for (const psid of people) await act(psid, { type: 'message', text: 'hello' });
    await act(follower, { type: 'message', text: 'hello', channel: 'instagram' });
    await call('POST', '/simulator/clock', { advance: '1h' });
    await act('7000000000000202', { type: 'tap_ad', ad_id: '77' });
  });

  it('have a name and the time of their last event', async () => {
    const thread = await call('GET', `/threads/${page}/7000000000000101`);
    expect(thread).toMatchObject({ name: 'Person 0101', last_event_at: expect.any(String) });
  });

  it.each([
    ['q=70000', ['7000000000000101', '7000000000000202']],
    ['q=0303', ['7100000000000303']],
    ['q=Person 0101', ['7000000000000101']],
    ['q=nobody', []],
    ['q=%25', []],
    ['channel=instagram', [follower]],
    ['entry_point=ad', ['7000000000000202']],
    ['owner_app_id=2100000000000011', ['7000000000000202']],
    ['state=marketing-owned&channel=messenger', ['7000000000000202']],
  ])('are found by %s', async (query, expected) => {
    expect((await listed(query)).sort()).toEqual([...expected].sort());
  });

  it('come with the newest first, and with the one that is released next', async () => {
    expect((await listed('sort=recent'))[0]).toBe('7000000000000202');
    expect((await listed('sort=deadline')).at(-1)).toBe('7000000000000202');
  });

  it.each(['id', 'recent', 'deadline'])('come page by page, by %s, each once', async (sort) => {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: any = await call('GET', `/threads?sort=${sort}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...next.data.map(({ psid }: any) => psid));
      cursor = next.next_cursor;
    }
    expect(seen).toEqual(await listed(`sort=${sort}`));
    expect([...seen].sort()).toEqual([...people, follower].sort());
  });
});

describe('a delivery', () => {
  it('is shown to the byte, and its command line sends the same', async () => {
    const psid = '7000000000000505';
    await act(psid, { type: 'message', text: 'It\'s "50 %" & more', ad_id: '77' });
    const post = await receiver.waitFor('the message', (posts) =>
      posts.find(({ people, json }) => people.includes(psid) && json.entry[0].messaging?.[0].message),
    );
    const request = await call('GET', `/deliveries/${post.deliveryId}/request`);
    expect(request.body).toBe(post.body);
    expect(request.url).toBe(receiver.url);
    const lower = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    expect(post.headers).toMatchObject(lower);
    expect(JSON.stringify(request)).not.toContain('secret-of-the-bot');
    const before = receiver.posts.length;
    await promisify(execFile)('sh', ['-c', request.curl]);
    expect(receiver.posts[before]?.body).toBe(post.body);
    expect(receiver.faults).toEqual([]);
  });

  it('is not shown to viewers, nor what there is none of', async () => {
    const { token } = await call('POST', '/tokens', { name: 'Viewer', role: 'viewer' });
    const [{ id }] = (await call('GET', '/deliveries?limit=1')).data;
    const answer = await signalbox.api('GET', `/api/v1/deliveries/${id}/request`, undefined, {
      authorization: `Bearer ${token}`,
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const incarnation = id.split('-')[0];
    const none = await signalbox.api('GET', `/api/v1/deliveries/${incarnation}-1-999999-0/request`);
    expect(none).toMatchObject({ status: 404, body: { code: 'delivery_not_found' } });
  });
});

describe('an app that does not answer', () => {
  it('comes first, with what waits for it and why, and is among what is wrong with its page', async () => {
    receiver.answer = () => 500;
    await act('7000000000000606', { type: 'message', text: 'hello', ad_id: '77' });
    await receiver.waitFor('a try', (posts) => posts.find(({ people }) => people.includes('7000000000000606')));
    const failing = async () => {
      const { data } = await call('GET', '/delivery-health');
      return data[0].status === 'failing' ? data : undefined;
    };
    let health = await failing();
    for (; health === undefined; health = await failing()) await new Promise(setImmediate);
    expect(health[0]).toMatchObject({ app_id: bot, stalled_threads: 1, last_error: 'answered 500' });
    expect(health[1]).toMatchObject({ app_id: desk, status: 'ok', stalled_threads: 0 });
    const { data } = await call('GET', `/pages/${page}/checks`);
    expect(data[0]).toMatchObject({ severity: 'error', code: 'deliveries_fail', app_id: bot });
    receiver.answer = () => 200;
  });

  it('is not asked about on a page there is none of', async () => {
    const answer = await signalbox.api('GET', '/api/v1/pages/104700000000999/checks');
    expect(answer).toMatchObject({ status: 404, body: { code: 'page_not_found' } });
  });
});
