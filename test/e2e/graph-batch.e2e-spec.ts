import type { Psid } from '../../src/domain/ids.js';
import { appsecretProof } from '../../src/graph-api/appsecret-proof.js';
import { callGraph, type GraphAnswer } from '../support/graph-client.js';
import { newPerson, openShop, secretOf, type Shop } from '../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { desk, marketing, shop } from '../support/thread-fixtures.js';

let signalbox: TestSignalbox;
let world: Shop;

beforeAll(async () => {
  signalbox = await startSignalbox();
  world = await openShop(signalbox);
});
afterAll(() => signalbox?.stop());

const token = (app = desk) => world.tokens.get(app) ?? '';

async function customer(): Promise<Psid> {
  const person = newPerson();
  await world.person('messenger', person);
  return person;
}

/** The body of a send as clients write it into a batch. */
const sendBody = (person: string, text: string, more = {}) =>
  Object.entries({ recipient: { id: person }, message: { text }, ...more })
    .map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`)
    .join('&');
const send = (person: string, text: string, more = {}) => ({
  method: 'POST',
  relative_url: 'me/messages',
  body: sendBody(person, text),
  ...more,
});

const batch = (items: unknown, more = {}, path = '/v12.0/'): Promise<GraphAnswer> =>
  callGraph(`${signalbox.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ access_token: token(), batch: items, ...more }),
  });

const bodyOf = (answer: any) => JSON.parse(answer.body);

async function textsOf(person: Psid): Promise<string[]> {
  const { body } = await signalbox.api('GET', `/api/v1/simulator/pages/${shop}/people/${person}/messages?limit=200`);
  return body.data.filter(({ from }: any) => from === 'app').map(({ text }: any) => text);
}

describe('a batch', () => {
  it.each(['/', '/v12.0/', '/v12.0', '/me', '/v25.0/me/'])('is answered at %s, in its order', async (path) => {
    const person = await customer();
    const answer = await batch(
      [send(person, 'one'), { method: 'GET', relative_url: 'me?fields=id,name' }, send(person, 'two')],
      {},
      path,
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    expect(answer.body).toHaveLength(3);
    for (const { code, headers, body } of answer.body) {
      expect([code, typeof body]).toEqual([200, 'string']);
      expect(headers).toContainEqual({ name: 'Content-Type', value: 'application/json; charset=UTF-8' });
    }
    expect(bodyOf(answer.body[0])).toEqual({ recipient_id: person, message_id: expect.stringMatching(/^m_/) });
    expect(bodyOf(answer.body[1])).toEqual({ id: shop, name: 'Shop' });
    expect(await textsOf(person)).toEqual(['one', 'two']);
  });

  it.each<[string, (items: string) => { query?: string; init: RequestInit }]>([
    ['JSON text in JSON', (items) => ({ init: { body: JSON.stringify({ access_token: token(), batch: items }) } })],
    ['a form', (items) => ({ init: { body: new URLSearchParams({ access_token: token(), batch: items }) } })],
    [
      'a multipart form',
      (items) => {
        const body = new FormData();
        body.append('access_token', token());
        body.append('batch', items);
        return { init: { body } };
      },
    ],
    [
      'the query',
      (items) => ({ query: `?${new URLSearchParams({ access_token: token(), batch: items }).toString()}`, init: {} }),
    ],
    [
      'a header for the token',
      (items) => ({
        init: { headers: { authorization: `Bearer ${token()}` }, body: new URLSearchParams({ batch: items }) },
      }),
    ],
  ])('may come as %s', async (_, request) => {
    const person = await customer();
    const { query = '', init } = request(JSON.stringify([send(person, 'hello')]));
    const answer = await callGraph(`${signalbox.url}/v20.0${query}`, { method: 'POST', ...init });
    expect(bodyOf(answer.body[0])).toMatchObject({ recipient_id: person });
  });

  it('leaves the headers out if told so', async () => {
    for (const include_headers of [false, 'false', 0]) {
      const answer = await batch([{ method: 'GET', relative_url: 'me' }], { include_headers });
      expect(answer.body).toEqual([{ code: 200, body: JSON.stringify({ name: 'Shop', id: shop }) }]);
    }
  });

  it('answers each operation for itself: errors are envelopes in its body', async () => {
    const person = await customer();
    const answer = await batch([
      { method: 'GET', relative_url: 'me/nothing' },
      { method: 'POST', relative_url: 'me/messages', body: 'recipient={' },
      { relative_url: 'me' },
      send(person, 'still sent'),
    ]);
    expect(answer.body.map(({ code }: any) => code)).toEqual([400, 400, 400, 200]);
    expect(bodyOf(answer.body[0])).toMatchObject({
      error: { type: 'GraphMethodException', code: 100, error_subcode: 33 },
    });
    expect(answer.body[0].body).toMatch(/^\{"error":\{/);
    expect(bodyOf(answer.body[2]).error.message).toBe('(#100) The parameter batch[2][method] is required');
    expect(await textsOf(person)).toEqual(['still sent']);
  });

  it('takes bodies as text, as objects and as JSON text, and queries in relative addresses', async () => {
    const person = await customer();
    const object = { recipient: { id: person }, message: { text: 'object' } };
    const query = new URLSearchParams({ recipient: `{"id":"${person}"}`, message: '{"text":"query"}' }).toString();
    const answer = await batch([
      { ...send(person, 'text'), headers: [{ name: 'Content-Type', value: 'application/x-www-form-urlencoded' }] },
      { method: 'POST', relative_url: '/v2.6/me/messages', body: object },
      { method: 'POST', relative_url: 'me/messages', body: JSON.stringify({ ...object, message: { text: 'json' } }) },
      { method: 'POST', relative_url: `me/messages?${query}` },
    ]);
    expect(answer.body.map(({ code }: any) => code)).toEqual([200, 200, 200, 200]);
    expect(await textsOf(person)).toEqual(['text', 'object', 'json', 'query']);
  });

  describe('tokens', () => {
    it('an operation may have its own', async () => {
      const person = await customer();
      const other = token(marketing);
      const answer = await batch([
        { method: 'GET', relative_url: 'debug_token?input_token=' + other, access_token: other },
        { method: 'GET', relative_url: `debug_token?input_token=${other}&access_token=${other}` },
        {
          method: 'GET',
          relative_url: 'debug_token?input_token=' + other,
          headers: { Authorization: `Bearer ${other}` },
        },
        { ...send(person, 'no'), access_token: other },
        { method: 'GET', relative_url: 'me', access_token: 'EAAnone' },
      ]);
      for (const index of [0, 1, 2]) expect(bodyOf(answer.body[index]).data.app_id).toBe(marketing);
      expect(bodyOf(answer.body[3]).error).toMatchObject({ code: 10, error_subcode: 2018300 });
      expect(bodyOf(answer.body[4]).error).toMatchObject({ code: 190 });
    });

    it('the request may have none if every operation has one', async () => {
      const answer = await batch([{ method: 'GET', relative_url: 'me', access_token: token() }], {
        access_token: undefined,
      });
      expect(answer.body[0].code).toBe(200);
    });

    it('a proof is for the token it was made of', async () => {
      const appsecret_proof = appsecretProof(token(), secretOf(desk));
      const items = [
        { method: 'GET', relative_url: 'me' },
        { method: 'GET', relative_url: 'me', access_token: token(marketing) },
      ];
      expect((await batch(items, { appsecret_proof })).body.map(({ code }: any) => code)).toEqual([200, 200]);
      expect((await batch(items, { appsecret_proof: 'wrong' })).body.map(({ code }: any) => code)).toEqual([400, 200]);
    });
  });

  describe('operations that depend on others', () => {
    it('come after them, wherever they stand, and not at all if those fail', async () => {
      const person = await customer();
      const answer = await batch([
        send(person, 'second', { depends_on: 'first' }),
        send(person, 'first', { name: 'first' }),
        { method: 'GET', relative_url: 'me/nothing', name: 'failing' },
        send(person, 'never', { depends_on: 'failing', name: 'never' }),
        send(person, 'never either', { depends_on: 'never' }),
        send(person, 'nor this', { depends_on: 'nobody' }),
        send(person, 'in a', { depends_on: 'circle', name: 'circle' }),
      ]);
      expect(answer.body.map(({ code }: any) => code)).toEqual([200, 200, 400, 400, 400, 400, 400]);
      expect(bodyOf(answer.body[3]).error).toMatchObject({ type: 'GraphBatchException', code: -3 });
      expect(await textsOf(person)).toEqual(['first', 'second']);
    });

    it('use their answers, in addresses and bodies of every form', async () => {
      const person = await customer();
      const reference = '{result=sent:$.recipient_id}';
      const answer = await batch([
        send(person, 'one', { name: 'sent' }),
        { method: 'GET', relative_url: `${reference}?fields=first_name` },
        { method: 'GET', relative_url: `me/thread_owner?recipient=${reference}` },
        { method: 'POST', relative_url: 'me/messages', body: `recipient={"id":"${reference}"}&message={"text":"two"}` },
        send(reference, 'three'),
        {
          method: 'POST',
          relative_url: 'me/messages',
          body: { recipient: { id: reference }, message: { text: 'four' } },
        },
        { method: 'GET', relative_url: `me?fields={result=sent:$.nothing}` },
      ]);
      expect(answer.body[0]).toBeNull(); // whoever refers to an answer has it
      expect(answer.body.slice(1).map(({ code }: any) => code)).toEqual([200, 200, 200, 200, 200, 400]);
      expect(bodyOf(answer.body[1])).toEqual({ first_name: 'Person', id: person });
      expect(bodyOf(answer.body[2]).data[0].thread_owner.app_id).toBe(desk);
      expect(bodyOf(answer.body[6]).error.type).toBe('GraphBatchException');
      expect(await textsOf(person)).toEqual(['one', 'two', 'three', 'four']);
    });

    it('leave answers out, or keep them, as told', async () => {
      const item = { method: 'GET', relative_url: 'me?fields=id', name: 'page' };
      const user = { method: 'GET', relative_url: '{result=page:$.id}?fields=name' };
      const failing = { method: 'GET', relative_url: 'me/nothing', omit_response_on_success: true };
      const told = async (omit_response_on_success: unknown) =>
        (await batch([{ ...item, omit_response_on_success }, user, failing], { include_headers: false })).body;
      const name = { code: 200, body: JSON.stringify({ name: 'Shop', id: shop }) };
      expect(await told(true)).toEqual([null, name, expect.objectContaining({ code: 400 })]);
      expect(await told('false')).toEqual([
        { code: 200, body: JSON.stringify({ id: shop }) },
        name,
        expect.objectContaining({ code: 400 }),
      ]);
    });
  });

  it('may have 50 operations and no more; a larger one does nothing', async () => {
    const person = await customer();
    const full = await batch(Array.from({ length: 50 }, (_, index) => send(person, `message ${index}`)));
    expect(full.body).toHaveLength(50);
    expect(await textsOf(person)).toEqual(Array.from({ length: 50 }, (_, index) => `message ${index}`));

    const other = await customer();
    const refused = await batch(Array.from({ length: 51 }, () => send(other, 'no')));
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({
      message: 'Too many requests in batch message. Maximum batch size is 50',
      type: 'GraphBatchException',
      code: -3,
    });
    expect(await textsOf(other)).toEqual([]);
  });

  it.each([[[]], ['text'], [{ method: 'GET' }], [[1]]])('is refused as %j', async (items) => {
    expect(await batch(items)).toMatchObject({ status: 400, body: { error: { code: 100 } } });
  });

  it('cannot hold another', async () => {
    const inner = {
      method: 'POST',
      relative_url: '',
      body: 'batch=' + JSON.stringify([{ method: 'GET', relative_url: 'me' }]),
    };
    expect((await batch([inner])).body[0].code).toBe(400);
    expect((await batch([{ ...inner, relative_url: 'me' }])).body[0].code).toBe(400);
  });
});
