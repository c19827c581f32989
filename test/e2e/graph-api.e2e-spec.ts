import { createServer, request as httpRequest, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { pageId, psid, type AppId, type Psid } from '../../src/domain/ids.js';
import type { Thread } from '../../src/domain/thread/thread.js';
import { appsecretProof } from '../../src/graph-api/appsecret-proof.js';
import { callGraph, type GraphAnswer } from '../support/graph-client.js';
import { Receiver } from '../support/receiver.js';
import { longId, newPerson, openShop, secretOf, type Shop } from '../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import {
  ad,
  bystander,
  desk,
  hour,
  inbox,
  marketing,
  shop,
  shopInstagram,
  stranger,
  takeover,
} from '../support/thread-fixtures.js';

let signalbox: TestSignalbox;
let world: Shop;
const bodyBytesMax = 200_000;

beforeAll(async () => {
  signalbox = await startSignalbox({ BODY_MAX_BYTES: String(bodyBytesMax) });
  world = await openShop(signalbox);
});
afterAll(async () => {
  await signalbox?.stop();
});

const token = (app: AppId) => world.tokens.get(app) ?? '';

async function threadOf(person: Psid): Promise<Thread> {
  const thread = await signalbox.core.log.findThread({ pageId: shop, psid: person });
  if (thread === null) throw new Error('there is no such thread');
  return thread;
}

/** What the log holds of a person, newest last. */
async function rowsOf(person: Psid) {
  return signalbox.core.log.rowsOfThread({ pageId: shop, psid: person }, 0, 100);
}

/** A person who has written to the shop: the desk, its default app, owns the thread. */
async function customer(channel: 'messenger' | 'instagram' = 'messenger'): Promise<Psid> {
  const person = newPerson();
  await world.person(channel, person);
  return person;
}

/** A person who came through the ad: marketing owns the thread. */
async function lead(): Promise<Psid> {
  const person = newPerson();
  await world.person('messenger', person, { referral: { adId: ad, ref: 'spring' } });
  return person;
}

function expectError(answer: GraphAnswer, status: number, code: number, subcode?: number, message?: string | RegExp) {
  expect(answer.text).toMatch(/^\{"error":\{"message":/);
  expect([answer.status, answer.body.error.code, answer.body.error.error_subcode]).toEqual([status, code, subcode]);
  expect(answer.body.error.fbtrace_id).toMatch(/^A[\w-]{22}$/);
  expect(answer.headers.get('x-fb-trace-id')).toBe(answer.body.error.fbtrace_id);
  expect(answer.headers.get('www-authenticate')).toMatch(/^OAuth "Facebook Platform" "\w+" ".+"$/);
  if (message !== undefined) expect(answer.body.error.message).toEqual(expect.stringMatching(message));
}

/** Status, code, subcode, and what the message contains. */
type Expected = [status: number, code: number, subcode?: number | undefined, message?: string | RegExp];

const hello = (person: string) => ({ recipient: { id: person }, message: { text: 'hello' } });

describe('a message', () => {
  it('is answered with the person and the id of its echo', async () => {
    const person = await customer();
    const answer = await world.as(desk).post('/me/messages', {
      messaging_type: 'RESPONSE',
      recipient: { id: person },
      message: { text: 'size 42 is in stock', metadata: 'order-7' },
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^\{"recipient_id":"\d+","message_id":"m_[\w-]{86}"\}$/);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    expect(answer.headers.get('facebook-api-version')).toBe('v12.0');
    const echo = (await rowsOf(person)).at(-1);
    expect(echo).toMatchObject({ type: 'app.send', refusal: null, cause: { by: 'app', appId: desk } });
    expect(echo?.cause.traceId).toBe(answer.headers.get('x-fb-trace-id'));
    expect(JSON.parse(echo?.payload ?? '')).toMatchObject({
      sender: { id: shop },
      recipient: { id: person },
      message: {
        mid: answer.body.message_id,
        is_echo: true,
        app_id: Number(desk),
        text: 'size 42 is in stock',
        metadata: 'order-7',
      },
    });
  });

  it.each(['/v2.6/me', '/v12.0/me', '/v25.0/me', '/me', '//me', '/v6.0//me', `/v12.0/${shop}`])(
    'reaches %s',
    async (node) => {
      const person = await customer();
      const answer = await callGraph(`${signalbox.url}${node}/messages?access_token=${token(desk)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(hello(person)),
      });
      expect(answer.body).toMatchObject({ recipient_id: person });
    },
  );

  describe('in the forms clients send', () => {
    const form = 'application/x-www-form-urlencoded';
    const multipart = (fields: Record<string, string>) => {
      const body = new FormData();
      for (const [name, value] of Object.entries(fields)) body.append(name, value);
      return body;
    };
    const authorised = (scheme: string) => ({ authorization: `${scheme} ${token(desk)}` });

    it.each<[string, (person: string) => { query?: string; init: RequestInit }]>([
      [
        'JSON with a Bearer header',
        (id) => ({
          init: {
            headers: { ...authorised('Bearer'), 'content-type': 'application/json' },
            body: JSON.stringify(hello(id)),
          },
        }),
      ],
      [
        'JSON with an OAuth header',
        (id) => ({
          init: {
            headers: { ...authorised('OAuth'), 'content-type': 'application/json' },
            body: JSON.stringify(hello(id)),
          },
        }),
      ],
      [
        'JSON with the token inside',
        (id) => ({
          init: {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ ...hello(id), access_token: token(desk) }),
          },
        }),
      ],
      [
        'JSON labelled as a form',
        (id) => ({
          init: { headers: { ...authorised('Bearer'), 'content-type': form }, body: JSON.stringify(hello(id)) },
        }),
      ],
      ['JSON labelled as text', (id) => ({ init: { headers: authorised('Bearer'), body: JSON.stringify(hello(id)) } })],
      [
        'single quotes and bare keys',
        (id) => ({
          init: {
            headers: { ...authorised('Bearer'), 'content-type': 'application/json' },
            body: `{recipient:{'id':'${id}'},'message':{text:'hello'}}`,
          },
        }),
      ],
      [
        'an id as a number',
        (id) => ({
          init: {
            headers: { ...authorised('Bearer'), 'content-type': 'application/json' },
            body: `{"recipient":{"id":${id}},"message":{"text":"hello"}}`,
          },
        }),
      ],
      [
        'a form with JSON texts',
        (id) => ({
          init: {
            headers: { 'content-type': form },
            body: `access_token=${token(desk)}&recipient={"id":"${id}"}&message={"text":"hello"}`,
          },
        }),
      ],
      [
        'a form without a content type',
        (id) => ({
          init: {
            body: new TextEncoder().encode(`access_token=${token(desk)}&recipient[id]=${id}&message[text]=hello`),
          },
        }),
      ],
      [
        'a bracketed form',
        (id) => ({
          init: {
            headers: { 'content-type': form },
            body: `access_token=${token(desk)}&recipient[id]=${id}&message[text]=hello`,
          },
        }),
      ],
      [
        'multipart',
        (id) => ({
          init: {
            body: multipart({ access_token: token(desk), recipient: `{"id":"${id}"}`, message: '{"text":"hello"}' }),
          },
        }),
      ],
      [
        'parameters that nobody knows, and flags as texts',
        (id) => ({
          init: {
            headers: { 'content-type': form },
            body:
              `access_token=${token(desk)}&messaging_product=instagram&debug=all&recipient[id]=${id}` +
              '&message[text]=hello&message[is_friendly]=true',
          },
        }),
      ],
      [
        'all in the query, and no body',
        (id) => ({
          query: `?access_token=${token(desk)}&recipient=${encodeURIComponent(`{id:${id}}`)}&message=${encodeURIComponent("{'text':'hello'}")}`,
          init: { headers: { 'content-type': 'application/json' } },
        }),
      ],
    ])('%s', async (_form, build) => {
      const person = await customer();
      const { query = '', init } = build(person);
      const answer = await callGraph(`${signalbox.url}/v12.0/me/messages${query}`, { method: 'POST', ...init });
      expect(answer.text).toMatch(/^\{"recipient_id":"\d+","message_id":"m_/);
      expect(answer.body.recipient_id).toBe(person);
      expect(JSON.parse((await rowsOf(person)).at(-1)?.payload ?? '')).toMatchObject({ message: { text: 'hello' } });
    });

    it('a GET with method=post', async () => {
      const person = await customer();
      const query = new URLSearchParams({
        method: 'post',
        access_token: token(desk),
        recipient: `{id:${person}}`,
        message: "{text:'hello'}",
      });
      expect((await callGraph(`${signalbox.url}/me/messages?${query.toString()}`)).body.recipient_id).toBe(person);
    });

    it('ids beyond 2^53, of persons and of apps', async () => {
      const person = psid('18446744073709551615');
      await world.person('messenger', person);
      const answer = await callGraph(`${signalbox.url}/me/messages?access_token=${token(desk)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"recipient":{"id":${person}},"message":{"text":"over to you"},"thread_control":{"app_id":${longId},"control_type":"pass"}}`,
      });
      expect(answer.body.recipient_id).toBe(person);
      expect((await threadOf(person)).ownerAppId).toBe(longId);
      const rows = await rowsOf(person);
      expect(rows.find(({ type }) => type === 'app.send')?.payload).toContain(`"app_id":${desk}`);
      const owner = await world.as(longId).get(`/me/thread_owner?recipient=${person}`);
      expect(owner.body.data[0].thread_owner.app_id).toBe(longId);
    });

    it('NUL and lone surrogates', async () => {
      const person = await customer();
      const text = 'a\u0000b\ud800c';
      const answer = await world.as(desk).post('/me/messages', { recipient: { id: person }, message: { text } });
      expect(answer.status).toBe(200);
      expect(JSON.parse((await rowsOf(person)).at(-1)?.payload ?? '').message.text).toBe(text);
    });
  });

  it.each<[string, object, object]>([
    [
      'an image by address',
      { attachment: { type: 'image', payload: { url: 'https://cdn.example/i.jpg' } } },
      { attachments: [{ type: 'image', payload: { url: 'https://cdn.example/i.jpg' } }] },
    ],
    [
      'quick replies',
      { text: 'Which?', quick_replies: [{ content_type: 'text', title: 'Red', payload: 'RED' }] },
      { text: 'Which?' },
    ],
    [
      'a button template',
      {
        attachment: {
          type: 'template',
          payload: {
            template_type: 'button',
            text: 'Go on?',
            buttons: [{ type: 'postback', title: 'Yes', payload: 'YES' }],
          },
        },
      },
      {
        attachments: [
          {
            type: 'template',
            payload: {
              template_type: 'button',
              text: 'Go on?',
              buttons: [{ type: 'postback', title: 'Yes', payload: 'YES' }],
            },
          },
        ],
      },
    ],
    [
      'a generic template in JSON texts',
      {
        attachment: JSON.stringify({
          type: 'template',
          payload: JSON.stringify({ template_type: 'generic', elements: JSON.stringify([{ title: 'Shoe' }]) }),
        }),
      },
      { attachments: [{ type: 'template', payload: { template_type: 'generic', elements: [{ title: 'Shoe' }] } }] },
    ],
  ])('may be %s', async (_kind, message, echoed) => {
    const person = await customer();
    const answer = await world.as(desk).post('/me/messages', { recipient: { id: person }, message });
    expect(answer.body).toEqual({ recipient_id: person, message_id: expect.any(String) });
    expect(JSON.parse((await rowsOf(person)).at(-1)?.payload ?? '')).toMatchObject({ message: echoed });
  });

  it.each(['typing_on', 'TYPING_OFF', 'mark_seen'])('may be the action %s', async (sender_action) => {
    const person = await customer();
    const answer = await world.as(desk).post('/me/messages', { recipient: { id: person }, sender_action });
    expect(answer.text).toBe(`{"recipient_id":"${person}"}`);
  });

  it('may be an action that passes control', async () => {
    const person = await customer();
    const body = {
      recipient: { id: person },
      sender_action: 'mark_seen',
      thread_control: { app_id: inbox, control_type: 'pass' },
    };
    expect((await world.as(desk).post('/me/messages', body)).text).toBe(`{"recipient_id":"${person}"}`);
    expect((await threadOf(person)).ownerAppId).toBe(inbox);
  });

  it('reaches a person on Instagram through page, account and me', async () => {
    const person = await customer('instagram');
    for (const node of ['me', shop, shopInstagram]) {
      const answer = await world.as(desk).post(`/${node}/messages`, hello(person));
      expect(answer.body.message_id).toMatch(/^aWdf/);
    }
  });
});

describe('a message that is refused changes nothing', () => {
  it.each<[string, AppId, 'messenger' | 'instagram', object, Expected]>([
    [
      'another app owns the thread',
      marketing,
      'messenger',
      {},
      [400, 10, 2018300, 'Message failed to send because another app is controlling this thread now.'],
    ],
    [
      'another app owns the thread on Instagram',
      marketing,
      'instagram',
      {},
      [400, 100, 2534037, "The action is invalid since it's not the thread owner."],
    ],
    [
      'the human-agent tag takes no control',
      takeover,
      'messenger',
      { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' },
      [400, 10, 2018300],
    ],
    [
      'the human-agent tag takes none beside RESPONSE',
      takeover,
      'messenger',
      { messaging_type: 'RESPONSE', tag: 'HUMAN_AGENT' },
      [400, 10, 2018300],
    ],
    ['no message', desk, 'messenger', { message: undefined }, [400, 100, undefined, 'param message must be non-empty']],
    ['an empty message', desk, 'messenger', { message: {} }, [400, 100, undefined, 'param message must be non-empty']],
    [
      'an empty text',
      desk,
      'messenger',
      { message: { text: '' } },
      [400, 100, undefined, 'param message must be non-empty'],
    ],
    [
      'control without a message',
      desk,
      'messenger',
      { message: undefined, thread_control: { payload: 'pass_thread_control' } },
      [400, 100, undefined, 'non-empty'],
    ],
    [
      'a message that is no object',
      desk,
      'messenger',
      { message: 'hello' },
      [400, 100, undefined, 'Param message must be a JSON object'],
    ],
    [
      'a text that is no text',
      desk,
      'messenger',
      { message: { text: { a: 1 } } },
      [400, 100, undefined, /message\[text\] must be a string/],
    ],
    [
      'a text beyond 2000 characters',
      desk,
      'messenger',
      { message: { text: 'x'.repeat(2001) } },
      [
        400,
        100,
        undefined,
        'Length of param message[text] must be less than or equal to 2000'.replace(/[[\]]/g, '\\$&'),
      ],
    ],
    [
      'a text beyond 1000 bytes on Instagram',
      desk,
      'instagram',
      { message: { text: 'ü'.repeat(501) } },
      [400, 100, undefined, 'equal to 1000'],
    ],
    [
      'message and action at once',
      desk,
      'messenger',
      { sender_action: 'typing_on' },
      [400, 100, 2018014, 'Cannot send both message and state at the same time.'],
    ],
    ['an unknown action', desk, 'messenger', { message: undefined, sender_action: 'dance' }, [400, 100]],
    [
      'a retired tag',
      desk,
      'messenger',
      { messaging_type: 'MESSAGE_TAG', tag: 'ACCOUNT_UPDATE' },
      [400, 100, undefined, 'no longer supported'],
    ],
    ['a tag of no kind', desk, 'messenger', { tag: 'FRIENDLY' }, [400, 100]],
    [
      'MESSAGE_TAG without a tag',
      desk,
      'messenger',
      { messaging_type: 'MESSAGE_TAG' },
      [400, 100, undefined, 'parameter tag is required'],
    ],
    ['an unknown messaging type', desk, 'messenger', { messaging_type: 'SHOUT' }, [400, 100]],
    [
      'an unknown attachment id',
      desk,
      'messenger',
      { message: { attachment: { type: 'image', payload: { attachment_id: '1' } } } },
      [400, 100, 2018074],
    ],
    [
      'an address that is none',
      desk,
      'messenger',
      { message: { attachment: { type: 'image', payload: { url: 'file:///etc/passwd' } } } },
      [400, 100],
    ],
    [
      'too many quick replies',
      desk,
      'messenger',
      { message: { text: 'x', quick_replies: Array(14).fill({ content_type: 'text', title: 'a', payload: 'b' }) } },
      [400, 100],
    ],
    [
      'a button template without buttons',
      desk,
      'messenger',
      { message: { attachment: { type: 'template', payload: { template_type: 'button', text: 'x' } } } },
      [400, 100],
    ],
    [
      'both forms of thread_control',
      desk,
      'messenger',
      { thread_control: { payload: 'pass_thread_control', app_id: inbox } },
      [400, 100, undefined, 'Cannot set both payload and app_id in thread_control'],
    ],
    ['thread_control of no form', desk, 'messenger', { thread_control: {} }, [400, 100]],
    ['an unknown control type', desk, 'messenger', { thread_control: { control_type: 'lend' } }, [400, 100]],
    [
      'a pass to an app that is not connected',
      desk,
      'messenger',
      { thread_control: { app_id: stranger, control_type: 'pass' } },
      [400, 100, 2018164, 'Incorrect App ID.'],
    ],
    ['a pass to itself', desk, 'messenger', { thread_control: { app_id: desk, control_type: 'pass' } }, [400, 100]],
    [
      'a target that is no id',
      desk,
      'messenger',
      { thread_control: { app_id: 'desk', control_type: 'pass' } },
      [400, 100],
    ],
  ])('%s', async (_what, app, channel, more, [status, code, subcode, message]) => {
    const person = await customer(channel);
    const before = await threadOf(person);
    const answer = await world.as(app).post('/me/messages', { ...hello(person), ...more });
    expectError(answer, status, code, subcode, message);
    const after = await threadOf(person);
    expect({ ...after, lastAt: 0 }).toEqual({ ...before, lastAt: 0 });
    expect((await rowsOf(person)).filter(({ refusal, type }) => refusal === null && type !== 'user.message')).toEqual(
      [],
    );
  });

  it.each<[string, unknown, (number | undefined)?, string?]>([
    ['is missing', undefined, undefined, 'The parameter recipient is required'],
    ['has an id of letters', { id: 'abc' }, undefined, 'must be a valid ID string'],
    ['has an id that is a list', { id: ['1'] }, undefined, 'must be a valid ID string'],
    ['is empty', {}, undefined, 'must be a valid ID string'],
    ['has a fraction for an id', { id: 1.5 }, undefined, 'must be a valid ID string'],
    ['is unknown', { id: '7999999999999999' }, 2018001, 'No matching user found'],
    ['is addressed by comment', { comment_id: '1_2' }, undefined, 'not supported'],
  ])('a recipient that %s', async (_what, recipient, subcode, message) => {
    expectError(
      await world.as(desk).post('/me/messages', { recipient, message: { text: 'x' } }),
      400,
      100,
      subcode,
      message,
    );
  });

  it('a person of the other channel, addressed by the Instagram account', async () => {
    const person = await customer('messenger');
    expectError(await world.as(desk).post(`/${shopInstagram}/messages`, hello(person)), 400, 100, 2534014);
  });

  it.each(['{"recipient":', '[]', '{"recipient":{"id":1}} x'])('a body like %s', async (body) => {
    const answer = await callGraph(`${signalbox.url}/me/messages?access_token=${token(desk)}`, {
      method: 'POST',
      body,
    });
    expectError(answer, 400, 100, undefined, 'The request body');
  });

  it('a body beyond the limit', async () => {
    const answer = await callGraph(`${signalbox.url}/me/messages?access_token=${token(desk)}`, {
      method: 'POST',
      body: 'x'.repeat(bodyBytesMax + 1),
    });
    expectError(answer, 413, 100);
  });
});

describe('taking control by sending', () => {
  it('works for an app that may, and tells the old owner before the echo', async () => {
    const person = await lead();
    expect((await world.as(takeover).post('/me/messages', hello(person))).status).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', ownerAppId: takeover });
    const notices = (await rowsOf(person)).at(-1)?.notices ?? [];
    expect(notices[0]).toMatchObject({ kind: 'take', appId: marketing, newOwnerAppId: takeover });
    expect(notices.slice(1).every(({ kind }) => kind === 'event')).toBe(true);
  });

  it('may give the thread away in the same call', async () => {
    const person = await lead();
    const answer = await world
      .as(takeover)
      .post('/me/messages', { ...hello(person), thread_control: { payload: 'pass_thread_control' } });
    expect(answer.status).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', ownerAppId: desk, previousOwnerAppId: takeover });
  });
});

describe('thread_control in a send', () => {
  it.each<[string, object, string, AppId | null]>([
    ['payload pass: to the default app', { payload: 'pass_thread_control' }, 'passed', desk],
    ['payload release', { payload: 'release_thread_control' }, 'released', null],
    ['id form, pass to a named app', { app_id: inbox, control_type: 'pass' }, 'passed', inbox],
    ['id form, the id as a number', { app_id: Number(inbox), control_type: 'pass' }, 'passed', inbox],
    ['control_type pass alone: to the default app', { control_type: 'pass' }, 'passed', desk],
    ['id form, release', { app_id: inbox, control_type: 'release' }, 'released', null],
    ['control_type release alone', { control_type: 'release' }, 'released', null],
    ['only app_id means release', { app_id: inbox }, 'released', null],
    ['as JSON text', JSON.stringify({ payload: 'release_thread_control' }) as never, 'released', null],
  ])('%s', async (_form, thread_control, state, ownerAppId) => {
    const person = await lead();
    const answer = await world
      .as(marketing)
      .post('/me/messages', { messaging_type: 'RESPONSE', thread_control, ...hello(person) });
    expect(answer.body).toEqual({ recipient_id: person, message_id: expect.any(String) });
    expect(await threadOf(person)).toMatchObject({ state, ownerAppId });
    expect((await rowsOf(person)).slice(-2).map(({ type }) => type)).toEqual([
      'app.send',
      `control.${state === 'released' ? 'release' : 'pass'}`,
    ]);
  });
});

it('an app_id that releases, since nothing says that it should pass, is warned of in the log', async () => {
  const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  try {
    const send = async (thread_control: object) =>
      world.as(marketing).post('/me/messages', { thread_control, ...hello(await lead()) });
    await send({ app_id: inbox, control_type: 'release' });
    await send({ control_type: 'release' });
    expect(warned).not.toHaveBeenCalled();
    await send({ app_id: inbox });
    expect(warned).toHaveBeenCalledWith(
      expect.objectContaining({
        msg: expect.stringMatching(/^thread_control .* releases the thread/),
        appId: marketing,
      }),
    );
  } finally {
    warned.mockRestore();
  }
});

describe('the verbs of the handover protocol', () => {
  it('pass to the default app, with metadata', async () => {
    const person = await lead();
    const answer = await world
      .as(marketing)
      .post('/me/pass_thread_control', { recipient: { id: person }, metadata: 'needs a human' });
    expect(answer.text).toBe('{"success":true}');
    expect(await threadOf(person)).toMatchObject({ state: 'passed', ownerAppId: desk });
    expect((await rowsOf(person)).at(-1)?.notices).toEqual([
      expect.objectContaining({ kind: 'pass', appId: desk, previousOwnerAppId: marketing, metadata: 'needs a human' }),
    ]);
  });

  it('pass to a named app, all of it in the query', async () => {
    const person = await lead();
    const query = `recipient=${encodeURIComponent(`{id:${person}}`)}&target_app_id=${inbox}&access_token=${token(marketing)}`;
    const answer = await callGraph(`${signalbox.url}/v12.0/${shop}/pass_thread_control?${query}`, { method: 'POST' });
    expect(answer.text).toBe('{"success":true}');
    expect((await threadOf(person)).ownerAppId).toBe(inbox);
  });

  it('keep metadata that looks like JSON as text', async () => {
    const person = await lead();
    const body = `recipient[id]=${person}&metadata=${encodeURIComponent('{"ticket":7}')}&access_token=${token(marketing)}`;
    await callGraph(`${signalbox.url}/me/pass_thread_control`, { method: 'POST', body: new URLSearchParams(body) });
    expect((await rowsOf(person)).at(-1)?.notices[0]).toMatchObject({ metadata: '{"ticket":7}' });
  });

  it('release, silently', async () => {
    const person = await lead();
    const answer = await world
      .as(marketing)
      .post('/me/release_thread_control', { recipient: { id: person }, metadata: 'done' });
    expect(answer.text).toBe('{"success":true}');
    expect(await threadOf(person)).toMatchObject({ state: 'released', ownerAppId: null });
    expect((await rowsOf(person)).at(-1)?.notices).toEqual([]);
  });

  it.each(['take_thread_control', 'request_thread_control', 'extend_thread_control', 'pass_thread_metadata'])(
    '%s is disabled',
    async (edge) => {
      const person = await lead();
      const answer = await world
        .as(desk)
        .post(`/me/${edge}`, { recipient: { id: person }, metadata: 'x', duration: 60 });
      expectError(answer, 400, 10, undefined, 'Handover Protocol APIs disabled for this page.');
      expect((await threadOf(person)).ownerAppId).toBe(marketing);
    },
  );

  it.each<[string, string, object, [code: number, subcode?: number | undefined]]>([
    ['pass by an app without control', 'pass_thread_control', {}, [100, 2018151]],
    ['release by an app without control', 'release_thread_control', {}, [100, undefined]],
  ])('refuse %s', async (_what, edge, more, [code, subcode]) => {
    const person = await lead();
    expectError(await world.as(desk).post(`/me/${edge}`, { recipient: { id: person }, ...more }), 400, code, subcode);
    expect((await threadOf(person)).ownerAppId).toBe(marketing);
  });

  it('refuse on Instagram in its own words', async () => {
    const person = await customer('instagram');
    for (const edge of ['pass_thread_control', 'release_thread_control']) {
      expectError(await world.as(marketing).post(`/me/${edge}`, { recipient: { id: person } }), 400, 100, 2534037);
    }
  });

  it('refuse what is malformed, and a stranger', async () => {
    const person = await customer();
    const pass = (body: object) => world.as(desk).post('/me/pass_thread_control', body);
    expectError(await pass({}), 400, 100, undefined, 'recipient is required');
    expectError(await pass({ recipient: { id: person }, target_app_id: 'x' }), 400, 100, undefined, 'target_app_id');
    expectError(await pass({ recipient: { id: person }, target_app_id: stranger }), 400, 100, 2018164);
    expectError(await pass({ recipient: { id: person }, target_app_id: desk }), 400, 100);
    expectError(await pass({ recipient: { id: person }, metadata: 'x'.repeat(1001) }), 400, 100, undefined, 'metadata');
    expectError(await pass({ recipient: { id: '7888888888888888' } }), 400, 100, 2018001);
    expect(await threadOf(person)).toMatchObject({ state: 'default-owned', ownerAppId: desk });
  });
});

describe('thread_owner', () => {
  const ownerFor = async (app: AppId, person: string) =>
    (await world.as(app).get(`/me/thread_owner?recipient=${person}`)).body;

  it('names the owner to it and to the default app, and to others only until when', async () => {
    const person = await lead();
    const expiration = Math.floor(((await threadOf(person)).deadlineAt ?? 0) / 1000);
    const named = { data: [{ thread_owner: { app_id: marketing, expiration } }] };
    expect(await ownerFor(marketing, person)).toEqual(named);
    expect(await ownerFor(desk, person)).toEqual(named);
    expect(await ownerFor(inbox, person)).toEqual({ data: [{ thread_owner: { expiration } }] });
  });

  it('names a released thread to the default app alone', async () => {
    const person = await lead();
    await world.as(marketing).post('/me/release_thread_control', { recipient: { id: person } });
    expect(await ownerFor(desk, person)).toEqual({ data: [{ thread_owner: { app_id: desk } }] });
    expect(await ownerFor(marketing, person)).toEqual({ data: [] });
  });

  it('knows nobody of whom nothing is known', async () => {
    expect(await ownerFor(desk, '7777777777777777')).toEqual({ data: [] });
  });

  it('takes the recipient in braces, and refuses one that is none', async () => {
    const person = await lead();
    expect((await ownerFor(desk, encodeURIComponent(`{"id":"${person}"}`))).data).toHaveLength(1);
    expectError(await world.as(desk).get('/me/thread_owner'), 400, 100, undefined, 'recipient is required');
    expectError(await world.as(desk).get('/me/thread_owner?recipient=me'), 400, 100, undefined, 'valid ID string');
  });
});

describe('the page', () => {
  it.each<[string, string]>([
    ['/me', '{"name":"Shop","id":"104700000000001"}'],
    ['/me?fields=id,name', '{"id":"104700000000001","name":"Shop"}'],
    ['/me?fields=name,%20id', '{"name":"Shop","id":"104700000000001"}'],
    ['/me?fields=["name"]', '{"name":"Shop","id":"104700000000001"}'],
    [
      '/me?fields=messaging_feature_status',
      '{"messaging_feature_status":{"hop_v2":false,"msgr_multi_app":true,"ig_multi_app":true},"id":"104700000000001"}',
    ],
    [
      `/${shopInstagram}?fields=messaging_feature_status`,
      `{"messaging_feature_status":{"hop_v2":false,"msgr_multi_app":true,"ig_multi_app":true},"id":"${shopInstagram}"}`,
    ],
    [
      '/me?fields=instagram_business_account{id,username}',
      `{"instagram_business_account":{"id":"${shopInstagram}"},"id":"104700000000001"}`,
    ],
  ])('%s', async (path, text) => {
    expect((await world.as(desk).get(path)).text).toBe(text);
  });

  it('refuses a field it does not have', async () => {
    expectError(await world.as(desk).get('/me?fields=id,shoe_size'), 400, 100, undefined, 'nonexisting field');
  });

  it('takes {} as the body of a GET', async () => {
    const url = new URL(`${signalbox.url}/v12.0/me?fields=name&access_token=${token(desk)}`);
    const text = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(
        url,
        { method: 'GET', headers: { 'content-type': 'application/json', 'content-length': 2 } },
        (response) => {
          response.setEncoding('utf8');
          let body = '';
          response.on('data', (chunk: string) => (body += chunk));
          response.on('end', () => resolve(body));
        },
      );
      request.on('error', reject);
      request.end('{}');
    });
    expect(text).toBe('{"name":"Shop","id":"104700000000001"}');
  });

  it('lists the other apps', async () => {
    const { body } = await world.as(desk).get('/me/secondary_receivers?fields=id,name');
    expect(body.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      [marketing, takeover, inbox, longId].toSorted(),
    );
    expect(body.data).toContainEqual({ id: marketing, name: `app ${marketing}` });
  });
});

describe('a person', () => {
  it('has a profile on the page it wrote to, by channel', async () => {
    const person = await customer();
    expect((await world.as(desk).get(`/${person}?fields=first_name,last_name,profile_pic`)).body).toEqual({
      first_name: 'Person',
      last_name: person.slice(-4),
      id: person,
    });
    const follower = await customer('instagram');
    expect((await world.as(desk).get(`/${follower}?fields=name,username`)).body).toMatchObject({
      username: expect.any(String),
      id: follower,
    });
  });

  it('is unknown otherwise', async () => {
    expectError(
      await world.as(desk).get('/7666666666666666?fields=first_name'),
      400,
      100,
      33,
      "Unsupported get request. Object with ID '7666666666666666'",
    );
  });
});

describe('tokens and paths', () => {
  const me = (query: string, init?: RequestInit) => callGraph(`${signalbox.url}/v12.0/me${query}`, init);

  it.each<[string, string, Expected]>([
    ['no token', '', [400, 2500, undefined, 'An active access token must be used']],
    ['garbage', '?access_token=garbage!', [400, 190, undefined, 'Cannot parse access token']],
    ['an unknown token', '?access_token=EAASGBX0123', [400, 190, undefined, 'Invalid OAuth access token.']],
    [
      'an app token with the wrong secret',
      `?access_token=${desk}|wrong`,
      [400, 190, undefined, 'Invalid OAuth access token.'],
    ],
    ['an app token of no app', `?access_token=${stranger}|x`, [400, 190, undefined, 'Invalid OAuth access token.']],
  ])('%s', async (_what, query, [status, code, subcode, message]) => {
    const answer = await me(query);
    expectError(answer, status, code, subcode, message);
    expect(answer.headers.get('www-authenticate')).toContain(code === 190 ? '"invalid_token"' : '"invalid_request"');
  });

  it('checks a proof, in query and body, if there is one', async () => {
    const right = appsecretProof(token(desk), secretOf(desk));
    const wrong = appsecretProof(token(desk), '');
    expect((await me(`?access_token=${token(desk)}&appsecret_proof=${right}`)).status).toBe(200);
    const refused = await me(`?access_token=${token(desk)}&appsecret_proof=${wrong}`);
    expectError(refused, 400, 100, undefined, 'Invalid appsecret_proof provided in the API argument');
    expect(refused.body.error.type).toBe('GraphMethodException');
    const person = await customer();
    const body = JSON.stringify({ ...hello(person), access_token: token(desk), appsecret_proof: wrong });
    expectError(
      await callGraph(`${signalbox.url}/me/messages`, { method: 'POST', body }),
      400,
      100,
      undefined,
      'appsecret_proof',
    );
  });

  it('a token works for its own page only, and ends with the connection', async () => {
    const { configStore, clock } = signalbox.core;
    const other = pageId('104700000000002');
    const none = { defaultAppId: null, socialAppId: null };
    await configStore.putPage(other, { name: 'Other', messenger: none, instagram: null });
    await configStore.putApp(bystander, { name: 'bystander', kind: 'bot', callbackUrl: null, batchSizeMax: 1 });
    const connected = await configStore.putConnection(other, bystander, {}, clock.now());
    const path = `/me?access_token=${connected.token}`;
    expect((await callGraph(`${signalbox.url}${path}`)).body).toEqual({ name: 'Other', id: other });
    expect(
      (await callGraph(`${signalbox.url}${path}&fields=messaging_feature_status`)).body.messaging_feature_status,
    ).toEqual({
      hop_v2: true,
      msgr_multi_app: false,
      ig_multi_app: false,
    });
    expectError(await world.as(desk).get(`/${other}`), 400, 100, 33, 'does not exist');
    expectError(await world.as(desk).post(`/${other}/messages`, hello('7')), 400, 100, 33);
    await configStore.deleteConnection(other, bystander);
    expectError(await callGraph(`${signalbox.url}${path}`), 400, 190);
  });

  it.each<[string, string, Expected]>([
    ['GET', '/me/messages', [400, 100, 33, 'Unsupported get request']],
    ['DELETE', '/me/messages', [400, 100, 33, 'Unsupported delete request']],
    ['POST', '/me/dances', [400, 100, 33, "Object with ID 'me'"]],
    ['PUT', '/me', [400, 100, 33, 'Unsupported put request']],
    ['GET', '/me/messages/x/y', [400, 2500, undefined, 'Unknown path components: /x/y']],
    ['GET', '/v2.5/me', [400, 2500, undefined, 'Unknown path components: /me']],
    ['GET', '/somebody', [404, 803, undefined, 'do not exist: somebody']],
    ['GET', `/${marketing}/subscriptions`, [400, 100, 33]],
    ['GET', `/${desk}/subscriptions`, [403, 10]],
    ['POST', '/', [400, 100, 33]],
  ])('%s %s', async (method, path, [status, code, subcode, message]) => {
    const answer = await callGraph(`${signalbox.url}${path}?access_token=${token(desk)}`, { method });
    expectError(answer, status, code, subcode, message);
  });

  it('leaves Signalbox’s own paths alone', async () => {
    for (const path of ['/api/v1/nothing-here', '/webhooks/nothing-here', '/health/nothing-here']) {
      const answer = await callGraph(`${signalbox.url}${path}`);
      expect([answer.status, answer.body.error?.code]).toEqual([404, undefined]);
    }
  });
});

describe('subscribed_apps', () => {
  it('lists, replaces and ends what an app hears of a page', async () => {
    const app = world.as(longId);
    const listed = async () => {
      const { body } = await app.get('/me/subscribed_apps');
      return body.data.find(({ id }: { id: string }) => id === longId)?.subscribed_fields;
    };
    expect((await app.post('/me/subscribed_apps?subscribed_fields=messages,messaging_handover, feed')).text).toBe(
      '{"success":true}',
    );
    expect(await listed()).toEqual(['messages', 'messaging_handovers']);
    expect(
      (await app.post('/me/subscribed_apps', { subscribed_fields: ['standby', 'messaging_referral'] })).body,
    ).toEqual({ success: true });
    expect((await listed()).toSorted()).toEqual(['messaging_referrals', 'standby']);

    const refused = await app.post('/me/subscribed_apps?subscribed_fields=messages,telepathy');
    expectError(
      refused,
      400,
      100,
      undefined,
      /^\(#100\) Param subscribed_fields\[1\] must be one of \{messages, .*\} - got "telepathy"$/,
    );
    expectError(await app.post('/me/subscribed_apps'), 400, 100, undefined, 'subscribed_fields is required');
    expect((await listed()).toSorted()).toEqual(['messaging_referrals', 'standby']);

    expect((await app.post('/me/subscribed_apps?method=delete')).body).toEqual({ success: true });
    expect(await listed()).toBeUndefined();
    expect((await app.get('/me')).status).toBe(200); // still connected
  });
});

describe('subscriptions', () => {
  let callback: HttpServer;
  const asked: URL[] = [];
  let answer: (url: URL) => { status: number; body: string };

  beforeAll(async () => {
    callback = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://callback');
      asked.push(url);
      const { status, body } = answer(url);
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(body);
    });
    await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => callback.close());

  const callbackUrl = () => `http://127.0.0.1:${(callback.address() as AddressInfo).port}/hook`;
  const appToken = () => `${marketing}|${secretOf(marketing)}`;
  const call = (method: string, query: Record<string, string>, app: AppId = marketing) =>
    callGraph(
      `${signalbox.url}/v12.0/${app}/subscriptions?${new URLSearchParams({ access_token: appToken(), ...query }).toString()}`,
      { method },
    );
  const wanted = () => ({
    object: 'page',
    callback_url: callbackUrl(),
    verify_token: 'tok',
    fields: 'messages,standby',
  });
  const honest = (url: URL) => ({ status: 200, body: url.searchParams.get('hub.challenge') ?? '' });

  it('asks the callback, stores it and lists it', async () => {
    answer = honest;
    expect((await call('POST', wanted())).text).toBe('{"success":true}');
    expect(asked.at(-1)?.search).toMatch(/^\?hub\.mode=subscribe&hub\.verify_token=tok&hub\.challenge=\d+$/);
    const fields = [
      { name: 'messages', version: 'v12.0' },
      { name: 'standby', version: 'v12.0' },
    ];
    const listed = { callback_url: callbackUrl(), active: true };
    expect((await call('GET', {})).body).toEqual({ data: [{ object: 'page', ...listed, fields }] });

    const more = { ...wanted(), object: 'instagram', fields: 'messages,messaging_handovers,messaging_referral' };
    expect((await call('POST', more)).text).toBe('{"success":true}');
    const instagram = ['messages', 'messaging_handover', 'messaging_referral'];
    expect((await call('GET', {})).body).toEqual({
      data: [
        { object: 'page', ...listed, fields },
        { object: 'instagram', ...listed, fields: instagram.map((name) => ({ name, version: 'v12.0' })) },
      ],
    });
    expect((await callGraph(`${signalbox.url}/me?access_token=${appToken()}`)).body).toEqual({
      name: `app ${marketing}`,
      id: marketing,
    });
  });

  it('each kind of object has a callback of its own, and what is heard of it arrives there', async () => {
    answer = honest;
    await call('DELETE', {});
    const [first, second] = [
      await Receiver.start(secretOf(marketing), 'tok'),
      await Receiver.start(secretOf(marketing), 'tok'),
    ];
    try {
      const subscribe = (object: string, receiver: Receiver) =>
        call('POST', { object, callback_url: receiver.url, verify_token: 'tok', fields: 'messages,standby' });
      const listed = async () =>
        (await call('GET', {})).body.data.map((one: { object: string; callback_url: string }) => [
          one.object,
          one.callback_url,
        ]);
      const hears = async (receiver: Receiver, channel: 'messenger' | 'instagram') => {
        const person = newPerson();
        await world.person(channel, person);
        await receiver.waitFor(`${channel} at its callback`, (posts) =>
          posts.some(({ body }) => body.includes(person)),
        );
      };
      await subscribe('page', first);
      await subscribe('instagram', second);
      expect(await listed()).toEqual([
        ['page', first.url],
        ['instagram', second.url],
      ]);
      await hears(first, 'messenger');
      await hears(second, 'instagram');

      // Only what is named moves, whichever it is.
      await subscribe('page', second);
      await subscribe('instagram', first);
      expect(await listed()).toEqual([
        ['page', second.url],
        ['instagram', first.url],
      ]);
      await subscribe('instagram', second);
      await subscribe('page', first);
      expect(await listed()).toEqual([
        ['page', first.url],
        ['instagram', second.url],
      ]);
      await hears(first, 'messenger');
      await hears(second, 'instagram');
    } finally {
      await call('POST', wanted());
      await call('POST', { ...wanted(), object: 'instagram' });
      await Promise.all([first.close(), second.close()]);
    }
  });

  it.each<[string, (url: URL) => { status: number; body: string }]>([
    ['says no', () => ({ status: 403, body: 'no' })],
    ['says something else', () => ({ status: 200, body: 'Error, wrong validation token' })],
    ['redirects', () => ({ status: 302, body: '' })],
  ])('keeps the old callback if the new one %s', async (_what, refusing) => {
    answer = honest;
    await call('POST', wanted());
    answer = refusing;
    expectError(
      await call('POST', { ...wanted(), callback_url: `${callbackUrl()}2` }),
      400,
      2200,
      undefined,
      'Callback verification failed',
    );
    expect((await call('GET', {})).body.data[0].callback_url).toBe(callbackUrl());
  });

  it('refuses a callback that is not there, or no address, or incomplete, or another app’s', async () => {
    answer = honest;
    expectError(await call('POST', { ...wanted(), callback_url: 'http://10.0.0.1/hook' }), 400, 2200);
    expectError(await call('POST', { ...wanted(), callback_url: 'hook' }), 400, 2200);
    expectError(await call('POST', { ...wanted(), object: 'moon' }), 400, 100);
    expectError(await call('POST', { ...wanted(), object: '' }), 400, 100, undefined, 'object is required');
    expectError(
      await call('POST', { ...wanted(), fields: 'telepathy' }),
      400,
      100,
      undefined,
      /fields\[0\] must be one of/,
    );
    expectError(await call('POST', wanted(), desk), 400, 100, 33);
    expectError(
      await callGraph(`${signalbox.url}/me/messages?access_token=${appToken()}`, { method: 'POST' }),
      400,
      100,
      33,
    );
  });

  it('an app hears of the objects it has subscribed to, and of no other', async () => {
    answer = honest;
    await call('DELETE', {});
    await call('POST', { ...wanted(), fields: 'messages,standby,messaging_referrals' });
    const told = async (channel: 'messenger' | 'instagram') => {
      const person = newPerson();
      await world.person(channel, person);
      const [row] = await rowsOf(person);
      return row?.notices.filter(({ appId }) => appId === marketing).length;
    };
    expect([await told('messenger'), await told('instagram')]).toEqual([1, 0]);
    await call('POST', { ...wanted(), object: 'instagram' });
    expect([await told('messenger'), await told('instagram')]).toEqual([1, 1]);
    await call('DELETE', { object: 'page' });
    expect([await told('messenger'), await told('instagram')]).toEqual([0, 1]);
  });

  it('ends some fields, then all', async () => {
    answer = honest;
    await call('DELETE', {});
    await call('POST', wanted());
    await call('DELETE', { object: 'page', fields: 'standby' });
    expect((await call('GET', {})).body.data[0].fields).toEqual([{ name: 'messages', version: 'v12.0' }]);
    expect((await call('DELETE', { object: 'page' })).body).toEqual({ success: true });
    expect((await call('GET', {})).body).toEqual({ data: [] });
  });
});

describe('debug_token', () => {
  const debug = (input: string, as: string) =>
    callGraph(
      `${signalbox.url}/debug_token?${new URLSearchParams({ input_token: input, access_token: as }).toString()}`,
    );

  it('explains a page token and an app token', async () => {
    const appToken = `${desk}|${secretOf(desk)}`;
    expect((await debug(token(desk), appToken)).body.data).toMatchObject({
      app_id: desk,
      type: 'PAGE',
      application: `app ${desk}`,
      is_valid: true,
      expires_at: 0,
      profile_id: shop,
    });
    expect((await debug(appToken, appToken)).body.data).toMatchObject({ app_id: desk, type: 'APP', is_valid: true });
  });

  it('tells an invalid token, another app’s and none apart', async () => {
    const invalid = await debug('EAAnothing', token(desk));
    expect([invalid.status, invalid.body.data.is_valid, invalid.body.data.error.code]).toEqual([200, false, 190]);
    expect(invalid.text.slice(0, 50)).not.toContain('error');
    expectError(await debug(token(marketing), token(desk)), 400, 100, undefined, 'did not match the Viewing App');
    expectError(await debug('', token(desk)), 400, 100, undefined, 'input_token is required');
  });
});

// These move the clock for everyone, so they come last.
describe('as time goes by', () => {
  let offsetMs = 0;
  const advance = async (ms: number) => signalbox.core.configStore.setClockOffset((offsetMs += ms));

  it('the messaging window closes, for the owner and for who would take control; a human has seven days', async () => {
    const person = await customer();
    const follower = await customer('instagram');
    await advance(25 * hour);
    const outside = 'sent outside of allowed window';
    expectError(await world.as(desk).post('/me/messages', hello(person)), 400, 10, 2018278, outside);
    expectError(await world.as(takeover).post('/me/messages', hello(person)), 400, 10, 2018278, outside);
    expectError(await world.as(marketing).post('/me/messages', hello(person)), 400, 10, 2018300);
    expectError(await world.as(desk).post('/me/messages', hello(follower)), 400, 10, 2534022, outside);
    const tagged = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT', ...hello(person) };
    expect((await world.as(desk).post('/me/messages', tagged)).status).toBe(200);
    await advance(7 * 24 * hour);
    expectError(await world.as(desk).post('/me/messages', tagged), 400, 10, 2018278);
  });

  it('control ends without anyone’s doing: reads know at once', async () => {
    const person = await lead();
    await advance(25 * hour);
    const { body } = await world.as(desk).get(`/me/thread_owner?recipient=${person}`);
    expect(body).toEqual({ data: [{ thread_owner: { app_id: desk } }] });
    expectError(
      await world.as(marketing).post('/me/pass_thread_control', { recipient: { id: person } }),
      400,
      100,
      2018151,
    );
  });

  it('a replaced token works through its grace period and then says why it does not', async () => {
    const { configStore, clock } = signalbox.core;
    const old = token(longId);
    const fresh = await configStore.issueToken(shop, longId, clock.now());
    expect((await callGraph(`${signalbox.url}/me?access_token=${old}`)).status).toBe(200);
    await advance(25 * hour);
    expectError(await callGraph(`${signalbox.url}/me?access_token=${old}`), 400, 190, 463);
    expect((await callGraph(`${signalbox.url}/me?access_token=${fresh}`)).status).toBe(200);
  });

  it('without a default app, take is not supported and a pass needs a target', async () => {
    const person = await lead();
    const none = { defaultAppId: null, socialAppId: null };
    await signalbox.core.configStore.putPage(shop, {
      name: 'Shop',
      messenger: none,
      instagram: { ...none, id: shopInstagram },
    });
    expectError(await world.as(desk).post('/me/take_thread_control', { recipient: { id: person } }), 400, 27, 2018464);
    expectError(await world.as(marketing).post('/me/pass_thread_control', { recipient: { id: person } }), 400, 100);
    const { body } = await world.as(desk).get('/me?fields=messaging_feature_status');
    expect(body.messaging_feature_status).toEqual({ hop_v2: true, msgr_multi_app: false, ig_multi_app: false });
  });
});
