import { createHmac } from 'node:crypto';
import pg from 'pg';
import { platformEndpoints, routingEndpoints } from '../../src/graph-api/graph-api.module.js';
import type { GraphEndpoints } from '../../src/graph-api/graph-call.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { OpenApiDocument } from '../support/openapi.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { newKeyring } from '../support/vault.js';

/*
 * A server is told secrets in every place that takes any, and asked everything it can be asked, rightly and wrongly, while
 * it writes down all it has to say. None of what it was told may be in that, in its figures, in the audit trail, or in an
 * answer to a call that failed.
 */
const told = {
  adminToken: 'CANARY-admin-token-0123456789',
  wrongToken: 'EAASGBXCANARYwrongtoken',
  platformSecret: 'CANARY-platform-secret',
  verifyToken: 'CANARY-verify-token',
  appSecret: 'CANARY-app-secret-0123456789',
  platformToken: 'EAAplatformCANARYtoken',
  text: 'CANARY-said-in-confidence',
  sealingKey: newKeyring('').slice(1),
  pageToken: '',
  operatorToken: '',
};
const people = { person: '7000000000500001', stranger: '7000000000500002' };

const page = '104700000000001';
const app = '2200000000000022';

let database: TestDatabase;
let server: ServerProcess;
let sql: pg.Client;
/** The answers to calls that failed. */
const refusals: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  server = await startServerProcess({
    DATABASE_URL: database.url,
    ADMIN_TOKEN: told.adminToken,
    META_APP_SECRET: told.platformSecret,
    META_VERIFY_TOKEN: told.verifyToken,
    KEYRING: `k1:${told.sealingKey}`,
    LOG_LEVEL: 'trace',
    API_FAILURES_PER_MINUTE: '100000',
  });
});
afterAll(async () => {
  await server?.kill('SIGKILL');
  await sql?.end();
  await database?.drop();
});

async function call(method: string, path: string, headers: Record<string, string>, body?: string): Promise<any> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && method !== 'GET' && { body }),
  });
  if (response.headers.get('content-type')?.includes('event-stream') === true) {
    await response.body?.cancel();
    return null;
  }
  const text = await response.text();
  if (response.status >= 400) refusals.push(text);
  return text.startsWith('{') ? JSON.parse(text) : text;
}

const json = { 'content-type': 'application/json' };
const asAdmin = { ...json, authorization: `Bearer ${told.adminToken}` };
const admin = (method: string, path: string, body?: object) =>
  call(method, `/api/v1${path}`, asAdmin, body === undefined ? undefined : JSON.stringify(body));

async function webhook(body: string, secret = told.platformSecret): Promise<void> {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  await call('POST', '/webhooks/meta', { ...json, 'x-hub-signature-256': `sha256=${signature}` }, body);
}
const says = (psid: string, mid: string, timestamp = Date.now()) =>
  JSON.stringify({
    object: 'page',
    entry: [
      {
        id: page,
        messaging: [{ sender: { id: psid }, recipient: { id: page }, timestamp, message: { mid, text: told.text } }],
      },
    ],
  });

async function tellSecrets(): Promise<void> {
  await admin('PUT', `/apps/${app}`, { name: 'Bot', app_secret: told.appSecret, verify_token: told.verifyToken });
  await admin('PUT', `/pages/${page}`, { name: 'Shop', meta: { page_access_token: told.platformToken } });
  const connected = await admin('PUT', `/pages/${page}/apps/${app}`, { can_take_control: true });
  told.pageToken = connected.page_access_token;
  await admin('PUT', `/pages/${page}`, { name: 'Shop', default_app_id: app });
  told.operatorToken = (await admin('POST', '/tokens', { name: 'Ada', role: 'operator' })).token;
  await webhook(says(people.person, 'm-1'));
  await webhook(says(people.stranger, 'm-2', 1));
  await webhook(says(people.stranger, 'm-3'), 'CANARY-another-secret');
  await webhook(`${says(people.stranger, 'm-4')}}`);
}

async function askOwnApi(): Promise<void> {
  const document = await OpenApiDocument.of(server.url);
  const ids: Record<string, string> = {
    app_id: app,
    page_id: page,
    psid: people.person,
    ad_id: '77',
    ref: 'flyer',
    delivery_id: 'none',
    token_id: 'none',
  };
  const everywhere = {
    text: told.text,
    token: told.wrongToken,
    app_secret: told.appSecret,
    meta: { page_access_token: told.platformToken },
  };
  for (const { method, template } of document.operations()) {
    // What removes things would leave the rest with nothing to ask about.
    if (method === 'DELETE' && !template.includes('/routes/')) continue;
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'none');
    await call(method, path, { ...json, authorization: `Bearer ${told.wrongToken}` }, '{}');
    await call(method, path, { ...json, authorization: `Bearer ${told.pageToken}` }, '{}');
    await call(method, path, { ...json, authorization: `Bearer ${told.operatorToken}` }, JSON.stringify(everywhere));
    await call(method, path, asAdmin, JSON.stringify(everywhere));
    await call(method, path, asAdmin, `{"text": ${told.text}, "token": "${told.wrongToken}`);
    await call(method, `${path}?access_token=${told.pageToken}&cursor=${people.stranger}`, asAdmin);
  }
  await admin('POST', '/session', { token: told.wrongToken });
  await admin('POST', '/session', { token: told.operatorToken });
}

async function askGraph(): Promise<void> {
  const classes = [...routingEndpoints, ...platformEndpoints] as unknown as (new () => GraphEndpoints)[];
  const parameters = (psid: string) =>
    JSON.stringify({
      recipient: { id: psid },
      psid,
      user: psid,
      message: { text: told.text },
      messaging_type: 'RESPONSE',
      input_token: told.wrongToken,
    });
  const own = { page, app, person: people.person, conversation: `t_${people.person}`, message: 'm-1' };
  for (const { node, verb, edge } of classes.flatMap((endpoints) => new endpoints().routes)) {
    const object =
      node === 'root' ? '' : `/${Object.entries(own).find(([kind]) => kind === node)?.[1] ?? '1234567812345678'}`;
    const path = `/v25.0${object}${edge === null ? '' : `/${edge}`}`;
    for (const token of [told.pageToken, `${app}|${told.appSecret}`, told.wrongToken, `${app}|${told.wrongToken}`]) {
      const named = `access_token=${encodeURIComponent(token)}&input_token=${told.wrongToken}`;
      for (const psid of [people.person, people.stranger]) {
        await call(verb, `${path}?${named}&recipient=${psid}&psid=${psid}`, json, parameters(psid));
      }
      await call(verb, `${path}?${named}`, json, `{"message": "${told.text}`);
    }
    await call(verb, `${path}?access_token=${told.pageToken}&appsecret_proof=${told.wrongToken}`, json);
  }
}

/** Faults of the server's own: what the database says of a statement, and what the library around it remembers of one. */
async function askWhatBreaks(): Promise<void> {
  const persona = JSON.stringify({ name: told.text, profile_picture_url: `https://x.example/${told.platformToken}` });
  for (const [breaks, mends] of [
    ['alter table persona rename to gone', 'alter table gone rename to persona'],
    [
      'alter table persona add constraint full_disk check (false) not valid',
      'alter table persona drop constraint full_disk',
    ],
  ] as const) {
    await sql.query(breaks);
    await call('POST', `/me/personas?access_token=${told.pageToken}`, json, persona);
    await sql.query(mends);
  }
  await sql.query('alter table admin_session rename to gone');
  await admin('POST', '/session', { token: told.operatorToken });
  await sql.query('alter table gone rename to admin_session');
}

it('gives away nothing that it was told, whatever it is asked', async () => {
  await tellSecrets();
  await askOwnApi();
  await askGraph();
  await askWhatBreaks();
  await admin('DELETE', `/pages/${page}/people/${people.person}`);
  const figures: string = await call('GET', '/metrics', {});
  const { rows } = await sql.query('select coalesce(json_agg(a)::text, $$$$) as everything from audit a');
  const { stderr } = await server.kill('SIGTERM');
  const said = { log: stderr, figures, audit: rows[0].everything, refusals: refusals.join('\n') };

  const found: string[] = [];
  for (const [where, everything] of Object.entries(said)) {
    for (const [what, canary] of Object.entries(told)) {
      expect(canary.length).toBeGreaterThan(15);
      if (everything.includes(canary)) found.push(`${what} in ${where}`);
    }
    // Whoever names a person may hear the number again; nobody else.
    if (where === 'refusals') continue;
    for (const [what, canary] of Object.entries(people))
      if (everything.includes(canary)) found.push(`${what} in ${where}`);
  }
  expect(found).toEqual([]);

  // It has been asked much and has said much, so silence is no proof.
  expect(refusals.length).toBeGreaterThan(500);
  expect(refusals.filter((text) => text.includes('internal_error') || text.includes('unknown error')).length).toBe(3);
  expect(stderr).toContain('a Graph API call failed');
  expect(stderr).toContain('a call of the admin API failed');
  expect(stderr).toContain('a webhook without a valid signature was refused');
  expect(said.audit).toContain('POST /api/v1/tokens');
});
