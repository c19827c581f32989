import { readFileSync } from 'node:fs';
import { pageId, type AppId, type Psid } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import { graphErrors, type GraphErrorReason } from '../../src/graph-api/graph-error.js';
import { callGraph, GraphClient, type GraphAnswer } from '../support/graph-client.js';
import { newPerson, openShop, secretOf, type Shop } from '../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { ad, bystander, desk, marketing, shop, stranger, takeover } from '../support/thread-fixtures.js';

/*
 * Every error of the catalogue, made to happen over HTTP: text, type, code, subcode and status are the platform's, written
 * down here once more and not taken from the code.
 */
let signalbox: TestSignalbox;
let world: Shop;
/** An app on a page with neither a default app nor Instagram. */
let unrouted: GraphClient;
const plain = pageId('104700000000009');

beforeAll(async () => {
  signalbox = await startSignalbox({ BODY_MAX_BYTES: '100000' });
  world = await openShop(signalbox);
  const { configStore, clock } = signalbox.core;
  const nobody = { defaultAppId: null, socialAppId: null };
  await configStore.putPage(plain, { name: 'Plain', messenger: nobody, instagram: null });
  await configStore.putApp(bystander, { name: 'bystander', kind: 'bot', callbackUrl: null, batchSizeMax: 1 });
  const { token } = await configStore.putConnection(plain, bystander, {}, clock.now());
  unrouted = new GraphClient(signalbox.url, token ?? '');
  await configStore.putRoute(plain, 'ad', ad, { appId: bystander });
  const person = { channel: 'messenger', type: 'message', text: 'hello', ad_id: ad };
  await signalbox.api('POST', `/api/v1/simulator/pages/${plain}/people/7000000000009001/actions`, person);
});
afterAll(async () => {
  await signalbox?.stop();
});

const as = (app: AppId) => world.as(app);
const asApp = (path: string, init?: RequestInit) =>
  callGraph(`${signalbox.url}${path}${path.includes('?') ? '&' : '?'}access_token=${desk}|${secretOf(desk)}`, init);
const me = (query: string, init?: RequestInit) => callGraph(`${signalbox.url}/v12.0/me${query}`, init);

async function customer(channel: Channel = 'messenger'): Promise<Psid> {
  const person = newPerson();
  await world.person(channel, person);
  return person;
}
async function lead(channel: Channel = 'messenger'): Promise<Psid> {
  const person = newPerson();
  await world.person(channel, person, { referral: { adId: ad, ref: 'spring' } });
  return person;
}
/** A send to somebody new whose thread is the desk's. */
const send = async (app: AppId, more: object, channel: Channel = 'messenger') =>
  as(app).post('/me/messages', { recipient: { id: await customer(channel) }, message: { text: 'hi' }, ...more });
const sendImage = async (payload: object) => send(desk, { message: { attachment: { type: 'image', payload } } });
async function upload(bytes: number, type: string): Promise<GraphAnswer> {
  const form = new FormData();
  form.set('message', '{"attachment":{"type":"image","payload":{}}}');
  form.set('filedata', new Blob([new Uint8Array(bytes)], { type }), 'file');
  const token = world.tokens.get(desk) ?? '';
  return callGraph(`${signalbox.url}/me/message_attachments?access_token=${token}`, { method: 'POST', body: form });
}
/** Somebody wrote so long ago; then time is as it was. */
async function late(channel: Channel): Promise<GraphAnswer> {
  const person = await customer(channel);
  await signalbox.core.configStore.setClockOffset(25 * 60 * 60 * 1000);
  const answer = await as(desk).post('/me/messages', { recipient: { id: person }, message: { text: 'hi' } });
  await signalbox.core.configStore.setClockOffset(0);
  return answer;
}
/** The answer of the only, or the last, operation of a batch, as if it had come alone. */
async function batched(...batch: object[]): Promise<GraphAnswer> {
  const answer = await as(desk).post('/', { batch });
  const { code, headers, body } = answer.body.at(-1);
  const entries = headers.map(({ name, value }: { name: string; value: string }): [string, string] => [name, value]);
  return { status: code, headers: new Headers(entries), text: body, body: JSON.parse(body) };
}

const oauth = 'OAuthException';
const method = 'GraphMethodException';
const batch = 'GraphBatchException';
const notOwned = '(#10) Message failed to send because another app is controlling this thread now.';
const notOwner = "The action is invalid since it's not the thread owner.";

type Row = [
  reason: GraphErrorReason,
  act: () => Promise<GraphAnswer>,
  status: number,
  type: string,
  code: number,
  subcode: number | undefined,
  message: string,
];

const rows: Row[] = [
  [
    'no_token',
    () => me(''),
    400,
    oauth,
    2500,
    undefined,
    'An active access token must be used to query information about the current user.',
  ],
  [
    'unparseable_token',
    () => me('?access_token=x!'),
    400,
    oauth,
    190,
    undefined,
    'Invalid OAuth access token - Cannot parse access token',
  ],
  ['invalid_token', () => me('?access_token=EAAnone'), 400, oauth, 190, undefined, 'Invalid OAuth access token.'],
  [
    'expired_token',
    async () => {
      const { configStore, clock } = signalbox.core;
      const old = world.tokens.get(takeover) ?? '';
      await configStore.issueToken(shop, takeover, clock.now());
      await configStore.setClockOffset(25 * 60 * 60 * 1000);
      const answer = await me(`?access_token=${old}`);
      await configStore.setClockOffset(0);
      return answer;
    },
    400,
    oauth,
    190,
    463,
    'Error validating access token: The token has been replaced and its grace period is over.',
  ],
  [
    'invalid_proof',
    () => as(desk).get('/me?appsecret_proof=00'),
    400,
    method,
    100,
    undefined,
    'Invalid appsecret_proof provided in the API argument',
  ],
  [
    'proof_required',
    async () => {
      const app = { name: 'Desk', kind: 'bot' as const, callbackUrl: null, batchSizeMax: 1 };
      await signalbox.core.configStore.putApp(desk, { ...app, appsecretProofRequired: true });
      const answer = await as(desk).get('/me');
      await signalbox.core.configStore.putApp(desk, { ...app, appsecretProofRequired: false });
      return answer;
    },
    400,
    method,
    100,
    undefined,
    'API calls from the server require an appsecret_proof argument',
  ],
  [
    'permission_missing',
    () => as(desk).get(`/${desk}/subscriptions`),
    403,
    oauth,
    10,
    undefined,
    '(#10) Application does not have permission for this action',
  ],
  ['unknown_path', () => as(desk).get('/me/messages/x'), 400, oauth, 2500, undefined, 'Unknown path components: /x'],
  [
    'alias_unknown',
    () => as(desk).get('/somebody'),
    404,
    oauth,
    803,
    undefined,
    '(#803) Some of the aliases you requested do not exist: somebody',
  ],
  [
    'unsupported_request',
    () => as(desk).post('/7999999999999999/dances'),
    400,
    method,
    100,
    33,
    "Unsupported post request. Object with ID '7999999999999999' does not exist, cannot be loaded due to missing permissions, or does not support this operation",
  ],
  [
    'batch_too_large',
    () => as(desk).post('/', { batch: Array(51).fill({ method: 'GET', relative_url: 'me' }) }),
    400,
    batch,
    -3,
    undefined,
    'Too many requests in batch message. Maximum batch size is 50',
  ],
  [
    'batch_dependency_failed',
    () =>
      batched(
        { method: 'GET', relative_url: 'none', name: 'a' },
        { method: 'GET', relative_url: 'me', depends_on: 'a' },
      ),
    400,
    batch,
    -3,
    undefined,
    'The operation a, on which this one depends, did not succeed',
  ],
  [
    'batch_reference_empty',
    () =>
      batched({ method: 'GET', relative_url: 'me', name: 'a' }, { method: 'GET', relative_url: '{result=a:$.none}' }),
    400,
    batch,
    -3,
    undefined,
    'The reference {result=a:$.none} finds nothing',
  ],
  [
    'unreadable_body',
    () => me(`/messages?access_token=${world.tokens.get(desk)}`, { method: 'POST', body: '[]' }),
    400,
    oauth,
    100,
    undefined,
    '(#100) The request body must be a JSON object',
  ],
  [
    'body_too_large',
    () => me(`/messages?access_token=${world.tokens.get(desk)}`, { method: 'POST', body: 'x'.repeat(100_001) }),
    413,
    oauth,
    100,
    undefined,
    '(#100) The request body is too large',
  ],
  [
    'parameter_required',
    () => as(desk).post('/me/messages', { message: { text: 'x' } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) The parameter recipient is required',
  ],
  [
    'invalid_parameter',
    () => send(desk, { messaging_type: 'SHOUT' }),
    400,
    oauth,
    100,
    undefined,
    '(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY} - got "SHOUT"',
  ],
  [
    'recipient_malformed',
    () => send(desk, { recipient: { id: 'abc' } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) Param recipient[id] must be a valid ID string (e.g., "123")',
  ],
  [
    'person_unknown',
    () => send(desk, { recipient: { id: '7999999999999999' } }),
    400,
    oauth,
    100,
    2018001,
    '(#100) No matching user found',
  ],
  [
    'person_unknown_instagram',
    () =>
      as(desk).post('/17841400000000001/messages', { recipient: { id: '8999999999999999' }, message: { text: 'x' } }),
    400,
    oauth,
    100,
    2534014,
    'No matching Instagram user',
  ],
  [
    'instagram_not_linked',
    () => unrouted.get('/me/conversations?platform=instagram'),
    400,
    oauth,
    100,
    2534013,
    'The page is not linked to an Instagram account',
  ],
  [
    'message_empty',
    () => send(desk, { message: {} }),
    400,
    oauth,
    100,
    undefined,
    '(#100) param message must be non-empty.',
  ],
  [
    'text_too_long',
    () => send(desk, { message: { text: 'x'.repeat(2001) } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) Length of param message[text] must be less than or equal to 2000',
  ],
  [
    'message_invalid_instagram',
    () => send(desk, { message: { attachment: { type: 'MEDIA_SHARE', payload: {} } } }, 'instagram'),
    400,
    oauth,
    100,
    2534015,
    'Invalid message data',
  ],
  [
    'attachment_unknown',
    () => sendImage({ attachment_id: '1' }),
    400,
    oauth,
    100,
    2018074,
    '(#100) No attachment with this id',
  ],
  [
    'attachment_type_mismatch',
    () => upload(10, 'video/mp4'),
    400,
    oauth,
    100,
    2018047,
    '(#100) Upload attachment failure. The media type image does not match the file, which is video/mp4',
  ],
  [
    'get_started_required',
    () => as(desk).post('/me/messenger_profile', { persistent_menu: [{ locale: 'default', call_to_actions: [] }] }),
    400,
    oauth,
    100,
    undefined,
    '(#100) You must set a Get Started button if you also wish to use persistent menu',
  ],
  [
    'message_and_action',
    () => send(desk, { sender_action: 'typing_on' }),
    400,
    oauth,
    100,
    2018014,
    'Cannot send both message and state at the same time.',
  ],
  [
    'tag_retired',
    () => send(desk, { tag: 'ACCOUNT_UPDATE' }),
    400,
    oauth,
    100,
    undefined,
    '(#100) The message tag ACCOUNT_UPDATE is no longer supported',
  ],
  [
    'thread_control_forms_combined',
    () => send(desk, { thread_control: { payload: 'pass_thread_control', app_id: '1' } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) Cannot set both payload and app_id in thread_control',
  ],
  [
    'callback_unverified',
    () =>
      asApp(`/${desk}/subscriptions?object=page&fields=messages&verify_token=t&callback_url=http://10.0.0.1/x`, {
        method: 'POST',
      }),
    400,
    oauth,
    2200,
    undefined,
    '(#2200) Callback verification failed with the following errors: ',
  ],
  [
    'subscribed_field_unknown',
    () => as(desk).post('/me/subscribed_apps?subscribed_fields=messages,x'),
    400,
    oauth,
    100,
    undefined,
    '(#100) Param subscribed_fields[1] must be one of {',
  ],
  ['thread_not_owned', () => send(marketing, {}), 400, oauth, 10, 2018300, notOwned],
  ['thread_not_owned_instagram', () => send(marketing, {}, 'instagram'), 400, oauth, 100, 2534037, notOwner],
  [
    'window_closed',
    () => late('messenger'),
    400,
    oauth,
    10,
    2018278,
    '(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview',
  ],
  [
    'window_closed_instagram',
    () => late('instagram'),
    400,
    oauth,
    10,
    2534022,
    'This message is sent outside of allowed window.',
  ],
  [
    'pass_not_owner',
    async () => as(desk).post('/me/pass_thread_control', { recipient: { id: await lead() } }),
    400,
    oauth,
    100,
    2018151,
    '(#100) Cannot pass thread control: the calling app is not the thread owner.',
  ],
  [
    'release_not_owner',
    async () => as(desk).post('/me/release_thread_control', { recipient: { id: await lead() } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) Only the current thread owner can release thread control.',
  ],
  [
    'no_default_app',
    () => unrouted.post('/me/pass_thread_control', { recipient: { id: '7000000000009001' } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) The page has no default app: name the app that gets thread control',
  ],
  [
    'target_not_connected',
    () => send(desk, { thread_control: { app_id: stranger, control_type: 'pass' } }),
    400,
    oauth,
    100,
    2018164,
    'Incorrect App ID.',
  ],
  [
    'target_is_owner',
    () => send(desk, { thread_control: { app_id: desk, control_type: 'pass' } }),
    400,
    oauth,
    100,
    undefined,
    '(#100) The target app already controls this thread.',
  ],
  [
    'routing_on',
    async () => as(desk).post('/me/take_thread_control', { recipient: { id: await lead() } }),
    400,
    oauth,
    10,
    undefined,
    '(#10) Handover Protocol APIs disabled for this page.',
  ],
  [
    'routing_off',
    () => unrouted.post('/me/take_thread_control', { recipient: { id: '7000000000009001' } }),
    400,
    oauth,
    27,
    2018464,
    '(#27) Take thread control is not supported when Conversation Routing is not enabled.',
  ],
];

it.each(rows)('%s', async (_reason, act, status, type, code, subcode, message) => {
  const { status: got, headers, text, body } = await act();
  const { error } = body;
  expect([got, error.type, error.code, error.error_subcode]).toEqual([status, type, code, subcode]);
  expect(error.message.slice(0, message.length)).toBe(message);
  // Old clients look for it there, and nowhere else.
  expect(text.indexOf('"error":')).toBeGreaterThan(-1);
  expect(text.indexOf('"error":')).toBeLessThan(50);
  expect(Object.keys(error).slice(0, 3)).toEqual(['message', 'type', 'code']);
  expect(error.fbtrace_id).toMatch(/^A[\w-]{22}$/);
  const kind = code === 190 ? 'invalid_token' : status === 404 ? 'not_found' : 'invalid_request';
  expect(headers.get('www-authenticate')).toContain(`OAuth "Facebook Platform" "${kind}" "`);
});

/** What these rows cannot bring about, and the tests that do. */
const elsewhere: Partial<Record<GraphErrorReason, [file: string, title: string]>> = {
  unknown_error: ['src/graph-api/graph-error.filter.spec.ts', 'logs a fault in full'],
  temporarily_unavailable: ['test/e2e/gateway.e2e-spec.ts', 'says that the platform cannot be reached'],
  platform_refused: ['test/e2e/gateway.e2e-spec.ts', 'reaches the app in our words'],
  send_outcome_unknown: ['test/e2e/gateway.e2e-spec.ts', 'has an unknown outcome without an echo'],
  platform_not_configured: ['test/e2e/gateway.e2e-spec.ts', 'is needed for sending'],
  app_not_connected: ['src/graph-api/graph-error.filter.spec.ts', 'finds the envelope for'],
  attachment_too_large: ['test/e2e/graph-objects.e2e-spec.ts', '2018109'],
  app_limit_reached: ['test/e2e/rate-limits.e2e-spec.ts', 'an app has 200 calls an hour'],
  page_limit_reached: ['src/graph-api/rate-limits.spec.ts', '4800, 32'],
  rate_limit_reached: ['test/e2e/rate-limits.e2e-spec.ts', 'the profile has 10 calls'],
  rate_limit_reached_instagram: ['src/graph-api/rate-limits.spec.ts', '2534040'],
  account_limit_reached: ['test/e2e/rate-limits.e2e-spec.ts', '80006'],
  account_limit_reached_instagram: ['test/e2e/rate-limits.e2e-spec.ts', '80002'],
};

it.each(Object.keys(graphErrors) as GraphErrorReason[])('%s is brought about by a test', (reason) => {
  const [file, title] = elsewhere[reason] ?? [];
  const here = rows.some(([each]) => each === reason);
  expect(here).toBe(file === undefined);
  if (file !== undefined && title !== undefined) expect(readFileSync(file, 'utf8')).toContain(title);
});
