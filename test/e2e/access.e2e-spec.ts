import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { OpenApiDocument } from '../support/openapi.js';
import { startServerProcess } from '../support/server-process.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { testKeyring } from '../support/vault.js';

const app = '2100000000000011';
/** What the console's own script sends with a change. */
const fromConsole = { 'x-signalbox-console': '1', 'sec-fetch-site': 'same-origin' };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
  /** The cookie that was set, as a browser would send it back. */
  readonly cookie: string;
}

let first: TestSignalbox;
let second: TestSignalbox;
let document: OpenApiDocument;
let sql: pg.Client;

beforeAll(async () => {
  first = await startSignalbox();
  second = await startSignalbox({}, first.database);
  document = await OpenApiDocument.of(first.url);
  sql = new pg.Client({ connectionString: first.database.url });
  await sql.connect();
  await first.api('PUT', `/api/v1/apps/${app}`, { name: 'Bot' });
});
afterAll(async () => {
  await sql?.end();
  await second?.stop();
  await first?.stop();
});

/** A call with exactly these headers, held against the OpenAPI document. */
async function call(
  server: { url: string },
  method: string,
  pathname: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${server.url}${pathname}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const contentType = response.headers.get('content-type') ?? '';
  const answer = {
    status: response.status,
    headers: response.headers,
    body: contentType.includes('json') ? JSON.parse(text) : text,
    cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
  };
  document.check(method, pathname, { status: answer.status, contentType, body: answer.body });
  return answer;
}

const session = '/api/v1/session';
const signIn = (server: { url: string }, credential: object, headers: Record<string, string> = {}) =>
  call(server, 'POST', session, headers, credential);
const signedIn = async (credential: object = { token: adminToken }) => {
  const { status, cookie } = await signIn(first, credential);
  expect(status).toBe(200);
  return cookie;
};
const statusWith = async (cookie: string, server: { url: string } = first) =>
  (await call(server, 'GET', session, { cookie })).status;
async function newToken(role: string, more: object = {}): Promise<{ token: string; token_id: string }> {
  const { status, body } = await first.api('POST', '/api/v1/tokens', { name: `a ${role}`, role, ...more });
  expect(status).toBe(201);
  return body;
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a session', () => {
  it('is opened with a token and works on every instance', async () => {
    const { status, headers, body, cookie } = await signIn(first, { token: adminToken });
    expect(status).toBe(200);
    expect(body).toEqual({ name: 'admin', role: 'admin', expires_at: expect.any(String), mode: 'emulator' });
    expect(headers.get('set-cookie')).toMatch(/^signalbox=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await call(first, 'GET', session, { cookie })).body).toEqual(body);
    expect((await call(second, 'GET', session, { cookie })).body).toEqual(body);
    expect((await call(second, 'GET', `/api/v1/apps/${app}`, { cookie })).status).toBe(200);
  });

  it('is opened with the code of a sign-in link, once', async () => {
    const code = await second.createSignInCode();
    const { status, cookie } = await signIn(first, { code });
    expect(status).toBe(200);
    expect(await statusWith(cookie)).toBe(200);
    expect((await signIn(first, { code })).body).toMatchObject({ code: 'unauthorized' });
  });

  it('is not opened with the code of a link that is too old', async () => {
    const code = await first.createSignInCode();
    await sql.query(`update sign_in_code set expires_at = expires_at - interval '15 minutes'`);
    expect((await signIn(first, { code })).status).toBe(401);
  });

  it.each([{ token: 'wrong' }, { code: 'wrong' }])('is not opened with %j', async (credential) => {
    const { status, headers } = await signIn(first, credential);
    expect(status).toBe(401);
    expect(headers.get('set-cookie')).toBeNull();
  });

  it.each([{}, { token: adminToken, code: 'x' }, { token: '' }, { token: 1 }])(
    'is not opened with %j, which has the wrong form',
    async (credential) => {
      expect((await signIn(first, credential)).status).toBe(400);
    },
  );

  it('has a new id at every sign-in, and the one before ends', async () => {
    const before = await signedIn();
    const { cookie } = await signIn(first, { token: adminToken }, { cookie: before });
    expect(cookie).not.toBe(before);
    expect(await statusWith(before)).toBe(401);
    expect(await statusWith(cookie)).toBe(200);
  });

  it('never has an id that somebody else chose', async () => {
    const planted = 'signalbox=planted-by-somebody-else-0123456789abcdef';
    const { cookie } = await signIn(first, { token: adminToken }, { cookie: planted });
    expect(cookie).not.toBe(planted);
    expect(await statusWith(planted)).toBe(401);
  });

  it('ends everywhere when it is signed out of', async () => {
    const cookie = await signedIn();
    const { status, headers } = await call(first, 'DELETE', session, { cookie, ...fromConsole });
    expect(status).toBe(204);
    expect(headers.get('set-cookie')).toMatch(/^signalbox=; Max-Age=0;/);
    expect(await statusWith(cookie)).toBe(401);
    expect(await statusWith(cookie, second)).toBe(401);
  });

  it('ends when nobody uses it, and lasts while somebody does', async () => {
    const used = await signedIn();
    const unused = await signedIn();
    const age = (minutes: number) =>
      sql.query(`update admin_session set last_seen_at = last_seen_at - make_interval(mins => $1)`, [minutes]);
    await age(7 * 60);
    expect(await statusWith(used)).toBe(200);
    await age(7 * 60);
    expect(await statusWith(unused)).toBe(401);
    expect(await statusWith(used)).toBe(200);
  });

  it('ends in the end, however much it is used', async () => {
    const cookie = await signedIn();
    await sql.query(`update admin_session set expires_at = expires_at - interval '12 hours'`);
    expect(await statusWith(cookie)).toBe(401);
  });

  it('outlives any move of the virtual clock', async () => {
    const cookie = await signedIn();
    const moved = await call(first, 'POST', '/api/v1/simulator/clock', { cookie, ...fromConsole }, { advance: '48h' });
    expect(moved.status).toBe(200);
    expect(await statusWith(cookie)).toBe(200);
  });

  it('ends when the token of the installation is another one', async () => {
    const cookie = await signedIn();
    const changed = await startSignalbox({ ADMIN_TOKEN: 'another-admin-token-0123456789' }, first.database);
    try {
      expect(await statusWith(cookie, changed)).toBe(401);
    } finally {
      await changed.stop();
    }
  });

  it('is kept as a hash only', async () => {
    const cookie = await signedIn();
    const code = await first.createSignInCode();
    const { rows } = await sql.query(`select (select json_agg(s)::text from admin_session s) ||
      (select json_agg(c)::text from sign_in_code c) as everything`);
    expect(rows[0].everything).not.toContain(cookie.split('=')[1]);
    expect(rows[0].everything).not.toContain(code);
    expect(rows[0].everything).not.toContain(adminToken);
  });

  it('is held to HTTPS where there is HTTPS', async () => {
    const secure = await startSignalbox({ TLS: 'generated' });
    try {
      const { status, headers } = await secure.api('POST', session, { token: adminToken });
      expect(status).toBe(200);
      expect(headers.get('set-cookie')).toMatch(
        /^__Host-signalbox=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
      // A generated certificate is for trying out.
      expect(headers.get('strict-transport-security')).toBeNull();
    } finally {
      await secure.stop();
    }
  });
});

describe('behind a load balancer that finishes TLS', () => {
  const overHttps = { 'x-forwarded-proto': 'https' };

  it('a session is held to HTTPS, and a cookie that came without is none', async () => {
    const behind = await startSignalbox({ TRUSTED_PROXIES: '127.0.0.0/8' }, first.database);
    try {
      const { headers, cookie } = await signIn(behind, { token: adminToken }, overHttps);
      expect(headers.get('set-cookie')).toMatch(
        /^__Host-signalbox=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
      expect((await call(behind, 'GET', session, { cookie, ...overHttps })).status).toBe(200);
      const planted = cookie.replace('__Host-', '');
      expect((await call(behind, 'GET', session, { cookie: planted, ...overHttps })).status).toBe(401);
      const ended = await call(behind, 'DELETE', session, { cookie, ...fromConsole, ...overHttps });
      expect(ended.headers.get('set-cookie')).toMatch(/^__Host-signalbox=; Max-Age=0;.* Secure/);
    } finally {
      await behind.stop();
    }
  });

  it('nobody else’s word on it is taken', async () => {
    const { headers } = await signIn(first, { token: adminToken }, overHttps);
    expect(headers.get('set-cookie')).toMatch(/^signalbox=/);
  });
});

describe('another site', () => {
  const put = (cookie: string, headers: Record<string, string>) =>
    call(first, 'PUT', `/api/v1/apps/${app}`, { cookie, ...headers }, { name: 'Changed' });

  it('cannot change anything with the cookie of somebody who is signed in', async () => {
    const cookie = await signedIn();
    const origin = new URL(first.url).origin;
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin' },
      { 'x-signalbox-console': '1', 'sec-fetch-site': 'cross-site' },
      { 'x-signalbox-console': '1', 'sec-fetch-site': 'same-site', origin },
      { 'x-signalbox-console': '1', origin: 'https://elsewhere.example' },
      { 'x-signalbox-console': '1', origin: 'null' },
    ] as Record<string, string>[]) {
      expect({ headers, body: (await put(cookie, headers)).body }).toMatchObject({ body: { code: 'cross_site' } });
    }
    expect((await first.api('GET', `/api/v1/apps/${app}`)).body.name).toBe('Bot');
    for (const headers of [fromConsole, { 'x-signalbox-console': '1', origin }]) {
      expect((await put(cookie, headers)).status).toBe(200);
    }
    await first.api('PUT', `/api/v1/apps/${app}`, { name: 'Bot' });
  });

  it('cannot sign somebody in', async () => {
    const { status, headers } = await signIn(first, { token: adminToken }, { 'sec-fetch-site': 'cross-site' });
    expect(status).toBe(403);
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('is given no permission to read', async () => {
    const { headers } = await call(first, 'GET', '/api/v1/apps', {
      ...bearer(adminToken),
      origin: 'https://elsewhere.example',
    });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('tokens', () => {
  it('are shown once and kept as a hash', async () => {
    const { token, token_id } = await newToken('operator');
    expect(token).toMatch(/^sbx_admin_[0-9a-f]{88}$/);
    expect((await call(first, 'GET', session, bearer(token))).body).toMatchObject({
      name: 'a operator',
      role: 'operator',
      expires_at: null,
    });
    const { body } = await first.api('GET', '/api/v1/tokens?limit=200');
    expect(body.data).toContainEqual(
      expect.objectContaining({ token_id, role: 'operator', last_used_at: expect.any(String), revoked_at: null }),
    );
    expect(JSON.stringify(body)).not.toContain(token);
    const { rows } = await sql.query('select json_agg(t)::text as everything from admin_token t');
    expect(rows[0].everything).not.toContain(token.slice(-40));
  });

  it('may do what their role may', async () => {
    const tokens = {
      viewer: await newToken('viewer'),
      operator: await newToken('operator'),
      admin: await newToken('admin'),
    };
    const statuses = async (method: string, pathname: string, body?: unknown) =>
      Promise.all(
        [tokens.viewer, tokens.operator, tokens.admin].map(
          async ({ token }) => (await call(first, method, pathname, bearer(token), body)).status,
        ),
      );
    expect(await statuses('GET', '/api/v1/apps')).toEqual([200, 200, 200]);
    expect(await statuses('POST', `/api/v1/apps/${app}/pause`)).toEqual([403, 200, 200]);
    expect(await statuses('POST', `/api/v1/apps/${app}/resume`)).toEqual([403, 200, 200]);
    expect(await statuses('PUT', `/api/v1/apps/${app}`, { name: 'Bot' })).toEqual([403, 403, 200]);
    expect(await statuses('GET', '/api/v1/tokens')).toEqual([403, 403, 200]);
    const { body } = await call(first, 'GET', '/api/v1/tokens', bearer(tokens.viewer.token));
    expect(body).toMatchObject({ code: 'forbidden', required_role: 'admin', role: 'viewer' });
    expect(body.detail).toBe('This needs the role admin; "a viewer" is viewer.');
  });

  it('end at once on every instance, with the sessions opened with them', async () => {
    const { token, token_id } = await newToken('viewer');
    const cookie = await signedIn({ token });
    expect(await statusWith(cookie, second)).toBe(200);
    expect((await call(second, 'GET', session, bearer(token))).status).toBe(200);
    expect((await first.api('DELETE', `/api/v1/tokens/${token_id}`)).status).toBe(204);
    expect(await statusWith(cookie, second)).toBe(401);
    expect((await call(second, 'GET', session, bearer(token))).status).toBe(401);
    const { body } = await first.api('GET', '/api/v1/tokens?limit=200');
    expect(body.data).toContainEqual(expect.objectContaining({ token_id, revoked_at: expect.any(String) }));
    expect((await first.api('DELETE', '/api/v1/tokens/unknown')).body).toMatchObject({ code: 'token_not_found' });
  });

  it('end at their end, with the sessions opened with them', async () => {
    const { token, token_id } = await newToken('viewer', {
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const cookie = await signedIn({ token });
    expect((await call(first, 'GET', session, bearer(token))).status).toBe(200);
    await sql.query(`update admin_token set expires_at = now() where token_id = $1`, [token_id]);
    expect((await call(first, 'GET', session, bearer(token))).status).toBe(401);
    expect(await statusWith(cookie)).toBe(401);
  });

  it('with a letter changed are none', async () => {
    const { token } = await newToken('viewer');
    for (const at of [12, 40, 95]) {
      const changed = `${token.slice(0, at)}${token[at] === '0' ? '1' : '0'}${token.slice(at + 1)}`;
      expect((await call(first, 'GET', session, bearer(changed))).status).toBe(401);
    }
  });
});

it('every route of the admin API declares the role it needs', () => {
  const operations = document.operations().filter(({ template }) => template.startsWith('/api/'));
  expect(operations.length).toBeGreaterThan(40);
  const undeclared = operations.filter(({ operation }) => operation['x-required-role'] === undefined);
  expect(undeclared.map(({ method, template }) => `${method} ${template}`)).toEqual([]);
  const open = operations.filter(({ operation }) => operation['x-required-role'] === 'nobody');
  expect(open.map(({ method, template }) => `${method} ${template}`)).toEqual(['POST /api/v1/session']);
});

describe('a browser is told', () => {
  const expected = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
      "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; " +
      "require-trusted-types-for 'script'",
  };

  it.each(['/api/v1/session', '/api/v1/nowhere', '/nowhere', '/health/live', '/api/v1/apps'])(
    'at %s to load nothing from elsewhere and to keep nothing',
    async (pathname) => {
      const response = await fetch(`${first.url}${pathname}`, { headers: bearer(adminToken) });
      await response.text();
      expect(Object.fromEntries(response.headers)).toMatchObject(
        pathname === '/nowhere' ? { ...expected, 'cache-control': expect.any(String) } : expected,
      );
      expect(response.headers.get('strict-transport-security')).toBeNull();
    },
  );

  it('in a stream as well', async () => {
    const ended = new AbortController();
    const response = await fetch(`${first.url}/api/v1/feed?after=now`, {
      headers: { ...bearer(adminToken), accept: 'text/event-stream' },
      signal: ended.signal,
    });
    expect(Object.fromEntries(response.headers)).toMatchObject(expected);
    ended.abort();
  });

  it('in the documentation, whose page needs its own styles', async () => {
    const response = await fetch(`${first.url}/docs`);
    await response.text();
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

it('npm start prints a link that signs in once', async () => {
  const dataDir = path.join(tmpdir(), `signalbox-access-${process.pid}-${randomBytes(4).toString('hex')}`);
  const server = await startServerProcess({
    DATA_DIR: dataDir,
    DATABASE_URL: first.database.url,
    KEYRING: testKeyring,
  });
  try {
    const link = new URL(/Console +(\S+)/.exec(server.stdout())?.[1] ?? '');
    expect(`${link.origin}${link.pathname}`).toBe(`${server.url}/sign-in`);
    const code = new URLSearchParams(link.hash.slice(1)).get('code');
    const { status, body } = await signIn(server, { code });
    expect(status).toBe(200);
    expect(body).toMatchObject({ role: 'admin' });
    expect((await signIn(server, { code })).status).toBe(401);
  } finally {
    await server.kill('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  }
});

it('a viewer is shown nothing of what was said, on any route', async () => {
  const page = '104700000000009';
  const person = '7000000000000901';
  const said = 'words-between-two-people';
  const api = async (method: string, pathname: string, body?: unknown) => {
    const answer = await first.api(method, `/api/v1${pathname}`, body);
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  await api('PUT', `/pages/${page}`, { name: 'Shop' });
  await api('PUT', '/apps/2900000000000099', { name: 'Inbox', kind: 'inbox' });
  const { page_access_token: token } = await api('PUT', `/pages/${page}/apps/2900000000000099`, {});
  await api('PUT', `/pages/${page}`, { name: 'Shop', default_app_id: '2900000000000099' });
  await api('PUT', `/pages/${page}/routes/ads/77`, { receiving_app_id: '2900000000000099' });
  await api('PUT', `/pages/${page}/routes/links/spring`, { app_id: '2900000000000099' });
  const act = (action: object) => api('POST', `/simulator/pages/${page}/people/${person}/actions`, action);
  await act({ type: 'message', text: said });
  const sent = await fetch(`${first.url}/v12.0/me/messages?access_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      recipient: { id: person },
      messaging_type: 'RESPONSE',
      message: { text: said, quick_replies: [{ content_type: 'text', title: said.slice(0, 20), payload: said }] },
    }),
  });
  expect(sent.status).toBe(200);
  await act({ type: 'tap_quick_reply', title: said.slice(0, 20) });
  const [delivery] = (await api('GET', `/threads/${page}/${person}/deliveries`)).data;

  const { token: viewer } = await newToken('viewer');
  const { token: operator } = await newToken('operator');
  const parameters: Record<string, string> = {
    app_id: '2900000000000099',
    page_id: page,
    psid: person,
    delivery_id: delivery.id,
    ad_id: '77',
    ref: 'spring',
  };
  const shownToOperators: string[] = [];
  for (const { method, template, operation } of document.operations()) {
    if (method !== 'GET' || operation['x-required-role'] !== 'viewer') continue;
    // A stream has no end; it has a test of its own.
    if (template === '/api/v1/live') continue;
    const pathname = template.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? 'none');
    const [seen, shown] = await Promise.all(
      [viewer, operator].map((token) => call(first, 'GET', pathname, bearer(token))),
    );
    expect({ template, status: seen?.status }).toEqual({ template, status: 200 });
    const answer = JSON.stringify(seen?.body);
    expect({ template, answer, tells: answer.includes(said.slice(0, 20)) }).toMatchObject({ tells: false });
    if (JSON.stringify(shown?.body).includes(said)) shownToOperators.push(template);
  }
  expect(shownToOperators).toEqual(
    expect.arrayContaining([
      '/api/v1/threads/{page_id}/{psid}/events',
      '/api/v1/pages/{page_id}/people/{psid}',
      '/api/v1/simulator/pages/{page_id}/people/{psid}/messages',
    ]),
  );
});
