import pg from 'pg';
import { OpenApiDocument } from '../support/openapi.js';
import { adminToken, startSignalbox, type ApiAnswer, type TestSignalbox } from '../support/signalbox.js';

const bot = '2100000000000011';
const desk = '2200000000000022';
const doomed = '2300000000000033';
const page = '104700000000001';
const person = '7000000000000101';
const appSecret = 'the-app-secret-that-nobody-may-read';

let signalbox: TestSignalbox;
let document: OpenApiDocument;
let sql: pg.Client;

beforeAll(async () => {
  signalbox = await startSignalbox();
  document = await OpenApiDocument.of(signalbox.url);
  sql = new pg.Client({ connectionString: signalbox.database.url });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await signalbox?.stop();
});

async function call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any> {
  const answer: ApiAnswer = await signalbox.api(method, `/api/v1${path}`, body, headers);
  document.check(method, `/api/v1${path}`, {
    status: answer.status,
    contentType: answer.headers.get('content-type') ?? '',
    body: answer.body,
  });
  return answer;
}
const trail = async (): Promise<any[]> => (await call('GET', '/audit?limit=1000')).body.data;

/** A call of every route that changes something, in an order in which each succeeds; what is made first is needed later. */
const acts: readonly [route: string, path: (made: any) => string, body?: unknown][] = [
  [
    'PUT /apps/{app_id}',
    () => `/apps/${bot}`,
    { name: 'Bot', app_secret: appSecret, verify_token: 'verify-me-please' },
  ],
  ['PUT /apps/{app_id}', () => `/apps/${desk}`, { name: 'Desk', kind: 'inbox' }],
  ['PUT /apps/{app_id}', () => `/apps/${doomed}`, { name: 'Doomed' }],
  [
    'PUT /pages/{page_id}',
    () => `/pages/${page}`,
    { name: 'Shop', meta: { page_access_token: 'EAA-of-the-platform' } },
  ],
  ['PUT /pages/{page_id}/apps/{app_id}', () => `/pages/${page}/apps/${bot}`, {}],
  ['PUT /pages/{page_id}/apps/{app_id}', () => `/pages/${page}/apps/${desk}`, {}],
  ['POST /pages/{page_id}/apps/{app_id}/token', () => `/pages/${page}/apps/${bot}/token`],
  ['PUT /pages/{page_id}', () => `/pages/${page}`, { name: 'Shop', default_app_id: bot }],
  ['PUT /pages/{page_id}/routes/ads/{ad_id}', () => `/pages/${page}/routes/ads/1`, { receiving_app_id: bot }],
  ['PUT /pages/{page_id}/routes/links/{ref}', () => `/pages/${page}/routes/links/spring`, { app_id: bot }],
  ['POST /apps/{app_id}/pause', () => `/apps/${bot}/pause`, { reason: 'deploying' }],
  ['POST /apps/{app_id}/resume', () => `/apps/${bot}/resume`],
  [
    'POST /simulator/pages/{page_id}/people/{psid}/actions',
    () => `/simulator/pages/${page}/people/${person}/actions`,
    { type: 'message', text: 'hello' },
  ],
  [
    'POST /threads/{page_id}/{psid}/control',
    () => `/threads/${page}/${person}/control`,
    { action: 'pass', app_id: desk },
  ],
  ['POST /threads/{page_id}/{psid}/messages', () => `/threads/${page}/${person}/messages`, { text: 'how can I help?' }],
  ['POST /deliveries/{delivery_id}/replay', ({ delivery }) => `/deliveries/${delivery}/replay`],
  ['POST /deliveries/replay', () => '/deliveries/replay', { app_id: bot }],
  ['POST /simulator/clock', () => '/simulator/clock', { advance: '1h' }],
  ['POST /tokens', () => '/tokens', { name: 'a person', role: 'viewer' }],
  ['DELETE /tokens/{token_id}', ({ token }) => `/tokens/${token}`],
  ['DELETE /pages/{page_id}/people/{psid}', () => `/pages/${page}/people/${person}`],
  ['DELETE /pages/{page_id}/routes/ads/{ad_id}', () => `/pages/${page}/routes/ads/1`],
  ['DELETE /pages/{page_id}/routes/links/{ref}', () => `/pages/${page}/routes/links/spring`],
  ['DELETE /pages/{page_id}/apps/{app_id}', () => `/pages/${page}/apps/${desk}`],
  ['DELETE /apps/{app_id}', () => `/apps/${doomed}`],
  ['DELETE /pages/{page_id}', () => `/pages/${page}`],
];
/** What a simulated person does is in the log, and would drown the rest. */
const left = new Set(['POST /simulator/pages/{page_id}/people/{psid}/actions']);

it('every route that changes something enters it, exactly once', async () => {
  const changing = document
    .operations()
    .filter(({ method, template }) => method !== 'GET' && template.startsWith('/api/v1/'))
    .filter(({ operation }) => operation['x-required-role'] !== 'viewer' && operation['x-required-role'] !== 'nobody')
    .map(({ method, template, operation }) => ({
      route: `${method} ${template.replace('/api/v1', '')}`,
      left: operation['x-not-audited'] === true,
    }));
  expect([...new Set(acts.map(([route]) => route))].sort()).toEqual(changing.map(({ route }) => route).sort());
  expect(changing.filter((route) => route.left).map(({ route }) => route)).toEqual([...left]);

  const made: Record<string, string> = {};
  let entries = (await trail()).length;
  for (const [route, path, body] of acts) {
    const [method = ''] = route.split(' ');
    if (route === 'POST /deliveries/{delivery_id}/replay') {
      made.delivery = (await call('GET', `/threads/${page}/${person}/deliveries`)).body.data[0].id;
    }
    const { status, body: answer } = await call(method, path(made), body);
    expect({ route, status, answer }).toEqual({ route, status: expect.any(Number), answer });
    if (status >= 300) throw new Error(`${route} was answered ${status} ${JSON.stringify(answer)}`);
    if (route === 'POST /tokens') made.token = answer.token_id;
    const now = await trail();
    expect({ route, entries: now.length - entries }).toEqual({ route, entries: left.has(route) ? 0 : 1 });
    if (!left.has(route)) {
      const { name, role, token_id, address, action } = now[0];
      expect({ name, role, token_id, address, action }).toEqual({
        name: 'admin',
        role: 'admin',
        token_id: null,
        address: '127.0.0.1',
        action: route.replace(' ', ' /api/v1'),
      });
    }
    entries = now.length;
  }
});

it('tells before and after, and never a secret or whom', async () => {
  const entries = await trail();
  const [first] = entries.filter(({ action }) => action === 'PUT /api/v1/apps/{app_id}').reverse();
  expect(first).toMatchObject({
    object: { app_id: bot },
    before: null,
    after: { app_id: bot, name: 'Bot', app_secret: '[secret]', verify_token: '[secret]' },
  });
  const pause = entries.find(({ action }) => action.endsWith('/pause'));
  expect(pause).toMatchObject({
    before: { paused_at: null },
    after: { paused_at: expect.any(String), pause_reason: 'deploying' },
  });
  const erased = entries.find(({ action }) => action === 'DELETE /api/v1/pages/{page_id}/people/{psid}');
  expect(erased.object).toEqual({ page_id: page });
  await call('PUT', `/apps/${bot}`, { name: 'Bot', app_secret: 'another-app-secret-0123' });
  expect((await trail())[0].after).toMatchObject({ app_secret: '[new secret]', verify_token: '[secret]' });

  const { rows } = await sql.query('select json_agg(a)::text as everything from audit a');
  for (const secret of [appSecret, 'verify-me-please', 'EAA-of-the-platform', adminToken, person, 'how can I help?']) {
    expect(rows[0].everything).not.toContain(secret);
  }
});

it('a change that is refused enters nothing', async () => {
  const before = (await trail()).length;
  expect((await call('PUT', `/pages/${page}/apps/99`, {})).status).toBe(404);
  expect((await call('PUT', `/apps/${bot}`, { nonsense: true })).status).toBe(400);
  expect((await call('DELETE', '/tokens/unknown')).status).toBe(404);
  expect((await trail()).length).toBe(before);
});

it('an entry and its change are committed together, or neither is', async () => {
  await sql.query('alter table audit add constraint full_disk check (false) not valid');
  try {
    expect((await call('PUT', `/apps/${bot}`, { name: 'Renamed' })).status).toBe(500);
    expect((await call('GET', `/apps/${bot}`)).body.name).toBe('Bot');
    expect((await call('POST', '/tokens', { name: 'unseen', role: 'admin' })).status).toBe(500);
    expect(JSON.stringify((await call('GET', '/tokens?limit=1000')).body)).not.toContain('unseen');
  } finally {
    await sql.query('alter table audit drop constraint full_disk');
  }
});

it('entries stay as they are', async () => {
  for (const statement of ['update audit set name = $$nobody$$', 'delete from audit', 'truncate audit']) {
    await expect(sql.query(statement)).rejects.toThrow('the audit trail is only added to');
  }
});

it('tells who signed in and out, and with which token', async () => {
  const { body: token } = await call('POST', '/tokens', { name: 'Ada', role: 'operator' });
  const authorization = `Bearer ${token.token}`;
  const { headers } = await call('POST', '/session', { token: token.token });
  const cookie = headers.get('set-cookie').split(';')[0];
  // The header of the test's own token counts before a cookie.
  const fromConsole = { cookie, 'x-signalbox-console': '1' };
  const response = await fetch(`${signalbox.url}/api/v1/session`, { method: 'DELETE', headers: fromConsole });
  expect(response.status).toBe(204);
  const { body } = await call('POST', `/apps/${bot}/pause`, undefined, { authorization });
  expect(body.paused_at).not.toBeNull();
  const ada = { name: 'Ada', role: 'operator', token_id: token.token_id };
  expect((await trail()).slice(0, 3)).toMatchObject([
    { ...ada, action: 'POST /api/v1/apps/{app_id}/pause' },
    { ...ada, action: 'DELETE /api/v1/session' },
    { ...ada, action: 'POST /api/v1/session' },
  ]);
});

it('is read page by page, the latest first', async () => {
  const all = (await trail()).map(({ id }) => id);
  const read: string[] = [];
  for (let cursor: string | null = null; ;) {
    const { body }: any = await call('GET', `/audit?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`);
    read.push(...body.data.map(({ id }: { id: string }) => id));
    if (body.next_cursor === null) break;
    cursor = body.next_cursor;
  }
  expect(read).toEqual(all);
  expect(read.map(Number)).toEqual(read.map(Number).sort((a, b) => b - a));
});
