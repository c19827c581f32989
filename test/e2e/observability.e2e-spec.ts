import { createHmac } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { callGraph } from '../support/graph-client.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';
import { newKeyring } from '../support/vault.js';

/** Each found nowhere but where a test has put it. */
const canaries = {
  adminToken: 'CANARY-admin-token-0123456789',
  secret: 'CANARY-platform-secret',
  verifyToken: 'CANARY-verify-token',
  text: 'CANARY-said-in-confidence',
  wrongToken: 'CANARYwrongtoken',
  person: '7000000000400001',
  stranger: '7000000000400002',
};

let database: TestDatabase;
let server: ServerProcess;
let stage: Stage;
let page: StagePage;
let support: Bot;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServerProcess({
    DATABASE_URL: database.url,
    ADMIN_TOKEN: canaries.adminToken,
    META_APP_SECRET: canaries.secret,
    META_VERIFY_TOKEN: canaries.verifyToken,
    LOG_LEVEL: 'trace',
  });
  stage = new Stage(server);
  support = await stage.addBot('2200000000000022');
  page = await stage.addPage('104700000000001', [[support]], { messenger: { defaultApp: support } });
});
afterAll(async () => {
  await stage?.close();
  await server?.kill('SIGKILL');
  await database?.drop();
});

const item = (mid: string, more: object = {}) => ({
  sender: { id: canaries.person },
  recipient: { id: page.id },
  timestamp: Date.now(),
  message: { mid, text: canaries.text },
  ...more,
});
const webhook = (...messaging: object[]) => JSON.stringify({ object: 'page', entry: [{ id: page.id, messaging }] });

function post(body: string, secret = canaries.secret): Promise<Response> {
  return fetch(`${server.url}/webhooks/meta`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
    body,
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

it('a trace id goes from the webhook that came in to the one that goes out', async () => {
  expect((await post(webhook(item('m-1')))).status).toBe(200);
  const told = await support.receiver.waitFor('the message', ([first]) => first);
  const { data } = await stage.ask('GET', `/api/v1/threads/${page.id}/${canaries.person}/events`);
  expect(data[0].cause.trace_id).toMatch(/^[\w-]{20,}$/);
  expect(told.headers['x-signalbox-trace']).toBe(data[0].cause.trace_id);
});

it('figures tell of what is refused, kept aside, and not delivered', async () => {
  const names = [
    'signalbox_access_refused_total{interface="ingress"}',
    'signalbox_access_refused_total{interface="graph"}',
    'signalbox_access_refused_total{interface="admin"}',
    'signalbox_quarantined_total{reason="stale"}',
    `signalbox_deliveries_total{app_id="${support.id}",outcome="failed"}`,
    'signalbox_commit_seconds_count',
  ];
  const before = await Promise.all(names.map(metric));
  support.receiver.answer = ({ attempt }) => (attempt === 1 ? 500 : 200);
  expect((await post(webhook(item('m-2'), item('m-3', { timestamp: 1 })))).status).toBe(200);
  expect((await post(webhook(item('m-4')), 'another secret')).status).toBe(403);
  await callGraph(`${server.url}/me?access_token=${canaries.wrongToken}`);
  const refused = await fetch(`${server.url}/api/v1/pages`, {
    headers: { authorization: `Bearer ${canaries.wrongToken}` },
  });
  expect(refused.status).toBe(401);
  await support.receiver.waitFor('the second try', (posts) => posts.some(({ attempt }) => attempt === 2));
  const after = await Promise.all(names.map(metric));
  names.forEach((name, index) => {
    expect({ name, rose: (after[index] ?? 0) > (before[index] ?? 0) }).toEqual({ name, rose: true });
  });
  expect(await metric('signalbox_ready{check="database"}')).toBe(1);
});

it('readiness says what is looked at, and what is wrong', async () => {
  const { status, body } = await stage.api('GET', '/health/ready');
  expect(status).toBe(200);
  expect(Object.keys(body.checks)).toEqual(['database', 'clock', 'migrations', 'dispatch', 'durability']);
  expect(body.checks.database).toEqual({ status: 'ok', detail: null });
  // Servers of tests do not wait for the disk.
  expect(body.checks.durability.detail).toMatch(/^fsync\b.* is off in the database/);
  expect(body.status).toBe('degraded');
});

it('a thread that is released only because control_type is missing is warned of', async () => {
  const { page_access_token: token } = await stage.ask('POST', `/api/v1/pages/${page.id}/apps/${support.id}/token`);
  const sent = await callGraph(`${server.url}/v12.0/me/messages?access_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      recipient: { id: canaries.person },
      message: { text: canaries.text },
      thread_control: { app_id: support.id },
    }),
  });
  expect(sent.status).toBe(200);
});

it('the gateway says in its log that the database is not durable', async () => {
  const empty = await createTestDatabase();
  const gateway = await startServerProcess({
    MODE: 'gateway',
    DATABASE_URL: empty.url,
    KEYRING: newKeyring('gateway'),
    ADMIN_TOKEN: canaries.adminToken,
    META_APP_SECRET: canaries.secret,
    META_VERIFY_TOKEN: canaries.verifyToken,
    LOG_LEVEL: 'warn',
  });
  const { stderr } = await gateway.kill('SIGTERM');
  await empty.drop();
  expect(stderr).toMatch(/"settings":\[[^\]]*"fsync"[^\]]*\],"msg":"the database is not durable/);
});

it('no token, secret, text or person is in a log line, a figure or an error', async () => {
  const heard: string[] = [];
  const hear = async (response: Promise<Response>) => heard.push(await (await response).text());
  // What quotes its input: parsers, databases, and whoever tells of a failure.
  await hear(post(`{"object":"page","text":"${canaries.text}`));
  await hear(post(webhook(item('m-5', { sender: { id: canaries.stranger }, message: { text: canaries.text } }))));
  await hear(
    fetch(`${server.url}/v25.0/me/messages?access_token=${canaries.wrongToken}`, {
      method: 'POST',
      body: canaries.text,
    }),
  );
  const headers = { authorization: `Bearer ${canaries.adminToken}`, 'content-type': 'application/json' };
  await hear(fetch(`${server.url}/api/v1/apps/1`, { method: 'PUT', headers, body: `{"name": ${canaries.text}` }));
  await hear(fetch(`${server.url}/webhooks/meta?hub.mode=subscribe&hub.verify_token=${canaries.wrongToken}`));
  await stage.api('DELETE', `/api/v1/pages/${page.id}/people/${canaries.person}`);
  heard.push(await (await fetch(`${server.url}/metrics`)).text());
  const { stderr, stdout } = await server.kill('SIGTERM');
  // It has been talking, so silence is no proof.
  expect(stderr).toContain('a webhook without a valid signature was refused');
  expect(stderr).toContain('"outcome":"failed"');
  expect(stderr).toContain('thread_control with an app_id and without control_type releases the thread');
  const everything = [...heard, stderr, stdout].join('\n');
  for (const [what, canary] of Object.entries(canaries)) {
    expect({ what, found: everything.includes(canary) }).toEqual({ what, found: false });
  }
});
