import { platformEndpoints, routingEndpoints } from '../../src/graph-api/graph-api.module.js';
import type { GraphEndpoints, GraphRoute } from '../../src/graph-api/graph-call.js';
import { OpenApiDocument } from '../support/openapi.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

/*
 * Who may reach what, over every route: callers of every kind ask for what is theirs, what is somebody else's and what does
 * not exist. Somebody else's has to look exactly like what does not exist, down to the headers. The routes come from the
 * server itself: one that is missing in the tables here, or has gone, fails.
 */

/** What one app has on one page; for a stranger all of it is foreign. */
interface Belongings {
  readonly page: string;
  readonly instagram: string;
  readonly app: string;
  readonly person: string;
  readonly conversation: string;
  readonly message: string;
  readonly label: string;
  readonly persona: string;
  readonly attachment: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

const said = 'words-that-only-this-page-has-heard';
const secret = 'secret-of-an-app-0123456789';
/** Connected to the page of the caller, as the caller is; it has personas and menus of its own. */
const colleague = '2200000000000023';

let signalbox: TestSignalbox;
let own: Belongings;
let foreign: Belongings;
let missing: Belongings;
let token: string;
let foreignToken: string;
let colleagueToken: string;
/** Tokens that open nothing at the Graph API, by what they are. */
const refused = new Map<string, string | null>();
/** Callers of the admin API with no role, by what they are; null: no token at all. */
const outsiders = new Map<string, string | null>();
const insiders = new Map<string, string>();

beforeAll(async () => {
  signalbox = await startSignalbox();
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await signalbox.api(method, `/api/v1${path}`, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  /** A page with its account, an app on it that is its default app, and somebody who has written to it. */
  const open = async (digit: string) => {
    const ids = {
      page: `10470000000000${digit}`,
      instagram: `1784140000000000${digit}`,
      app: `22000000000000${digit}`,
      person: `70000000000009${digit}`,
    };
    await ask('PUT', `/apps/${ids.app}`, { name: `App ${digit}`, app_secret: secret });
    await ask('PUT', `/pages/${ids.page}`, { name: `Page ${digit}`, instagram: { id: ids.instagram } });
    const connected = await ask('PUT', `/pages/${ids.page}/apps/${ids.app}`, { can_take_control: true });
    const channels = { default_app_id: ids.app, instagram: { id: ids.instagram, default_app_id: ids.app } };
    await ask('PUT', `/pages/${ids.page}`, { name: `Page ${digit}`, ...channels });
    await ask('POST', `/simulator/pages/${ids.page}/people/${ids.person}/actions`, { type: 'message', text: said });
    const { data } = await ask('GET', `/threads/${ids.page}/${ids.person}/events`);
    const message: string = data[0].payload.message.mid;
    return { ids, message, token: connected.page_access_token as string };
  };
  const [mine, theirs] = [await open('21'), await open('22')];
  token = mine.token;
  foreignToken = theirs.token;
  own = { ...mine.ids, conversation: `t_${mine.ids.person}`, message: mine.message, ...(await made(token)) };
  foreign = {
    ...theirs.ids,
    conversation: `t_${theirs.ids.person}`,
    message: theirs.message,
    ...(await made(foreignToken)),
  };
  // Of the same forms and lengths, and nobody's.
  missing = {
    page: '1047000000000099',
    instagram: '178414000000000099',
    app: '2200000000000099',
    person: '7000000000000999',
    conversation: 't_7000000000000999',
    message: `m_${'A'.repeat(mine.message.length - 2)}`,
    label: '1234567812345678',
    persona: '1234567812345679',
    attachment: '1234567812345670',
  };
  await ask('PUT', `/apps/${colleague}`, { name: 'Colleague', app_secret: secret });
  colleagueToken = (await ask('PUT', `/pages/${own.page}/apps/${colleague}`, {})).page_access_token;

  await ask('PUT', '/apps/2200000000000024', { name: 'Gone', app_secret: secret });
  const gone = await ask('PUT', `/pages/${own.page}/apps/2200000000000024`, {});
  await ask('DELETE', `/pages/${own.page}/apps/2200000000000024`);
  const roles = new Map<string, { token: string; token_id: string }>();
  for (const role of ['viewer', 'operator', 'admin']) {
    roles.set(role, await ask('POST', '/tokens', { name: role, role }));
    insiders.set(role, roles.get(role)?.token ?? '');
  }
  const revoked = await ask('POST', '/tokens', { name: 'revoked', role: 'admin' });
  await ask('DELETE', `/tokens/${revoked.token_id}`);
  for (const [what, value] of [
    ['no token', null],
    ['the token of the installation', adminToken],
    ['a viewer’s token', insiders.get('viewer') ?? ''],
    ['a page token whose connection has ended', gone.page_access_token],
    ['a page token with another end', `${token.slice(0, -4)}0000`],
    ['an app token with a wrong secret', `${own.app}|another-secret`],
  ] as const) {
    refused.set(what, value);
  }
  for (const [what, value] of [
    ['nobody', null],
    ['a token that is none', 'guessed'],
    ['a token that was revoked', revoked.token],
    ['an app’s page token', token],
    ['an app token', `${own.app}|${secret}`],
  ] as const) {
    outsiders.set(what, value);
  }
});
afterAll(() => signalbox?.stop());

/** Objects of a token's app and page, new ones each time: some calls remove them. */
async function made(of: string): Promise<Pick<Belongings, 'label' | 'persona' | 'attachment'>> {
  made.count++;
  const post = async (path: string, body: object) => JSON.parse((await graph('POST', path, of, body)).text);
  const image = { type: 'image', payload: { url: 'https://pictures.example/a.png', is_reusable: true } };
  return {
    label: (await post('/me/custom_labels', { page_label_name: `label ${made.count}` })).id,
    persona: (await post('/me/personas', { name: 'Kim', profile_picture_url: 'https://pictures.example/k.png' })).id,
    attachment: (await post('/me/message_attachments', { message: { attachment: image } })).attachment_id,
  };
}
made.count = 0;

async function fetched(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const headers = Object.fromEntries(response.headers);
  // It would go on for ever.
  const stream = headers['content-type']?.includes('text/event-stream') === true;
  if (stream) await response.body?.cancel();
  return { status: response.status, headers, text: stream ? '' : await response.text() };
}

function graph(method: string, path: string, of: string | null, parameters: object = {}): Promise<Answer> {
  const query = new URLSearchParams(of === null ? {} : { access_token: of });
  if (method !== 'POST') {
    for (const [name, value] of Object.entries(parameters)) {
      query.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
  }
  return fetched(`${signalbox.url}/v25.0${path}?${query.toString()}`, {
    method,
    ...(method === 'POST' && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(parameters),
    }),
  });
}

/** An answer without what names the request: which object was asked for, when, and under which trace id. */
function anonymous({ status, headers, text }: Answer, asked: Belongings): object {
  const ids = Object.values(asked).sort((one, other) => other.length - one.length);
  const without = (value: string) =>
    ids
      .reduce((rest, id) => rest.replaceAll(id, '{id}'), value)
      .replace(/"(fbtrace_id|trace_id)":"[^"]+"/, '"$1":"{trace}"');
  const told = Object.entries(headers).filter(([name]) => !['date', 'x-fb-trace-id'].includes(name));
  return {
    status,
    headers: Object.fromEntries(told.map(([name, value]) => [name, without(value)])),
    text: without(text),
  };
}

describe('the Graph API', () => {
  interface Row {
    /** What the call needs beside its path. */
    readonly parameters?: (of: Belongings) => object;
    /** Parameters that name an object, each put in place of the one among `parameters`. */
    readonly naming?: Readonly<Record<string, (of: Belongings) => object>>;
    /** Nobody gets through, whatever they have: with this code. */
    readonly never?: number;
    /** What is in the path is the app's own, and no other app's of the page. */
    readonly ofApp?: true;
    /** A call with an app token, which stands for no page. */
    readonly appToken?: true;
  }
  const recipient = (of: Belongings) => ({ recipient: { id: of.person } });
  const menu = {
    persistent_menu: [{ locale: 'default', call_to_actions: [{ type: 'postback', title: 'x', payload: 'x' }] }],
  };
  const getStarted = { get_started: { payload: 'x' } };
  const text = { message: { text: 'hello' }, messaging_type: 'RESPONSE' };
  const rows: Readonly<Record<string, Row>> = {
    'POST {page}/messages': {
      parameters: (of) => ({ ...recipient(of), ...text }),
      naming: {
        recipient,
        persona_id: (of) => ({ persona_id: of.persona }),
        attachment_id: (of) => ({
          message: { attachment: { type: 'image', payload: { attachment_id: of.attachment } } },
        }),
        'thread_control[app_id]': (of) => ({ thread_control: { app_id: of.app, control_type: 'pass' } }),
      },
    },
    'POST {page}/pass_thread_control': {
      parameters: (of) => ({ ...recipient(of), target_app_id: colleague }),
      naming: { recipient, target_app_id: (of) => ({ target_app_id: of.app }) },
    },
    'POST {page}/release_thread_control': { parameters: recipient, naming: { recipient } },
    'POST {page}/take_thread_control': { parameters: recipient, naming: { recipient }, never: 10 },
    'POST {page}/request_thread_control': { parameters: recipient, naming: { recipient }, never: 10 },
    'POST {page}/extend_thread_control': { parameters: recipient, naming: { recipient }, never: 10 },
    'POST {page}/pass_thread_metadata': { parameters: recipient, naming: { recipient }, never: 10 },
    'GET {page}/thread_owner': {
      parameters: (of) => ({ recipient: of.person }),
      naming: { recipient: (of) => ({ recipient: of.person }) },
    },
    'GET {page}': {},
    'GET {page}/secondary_receivers': {},
    'GET {page}/accounts': {},
    'GET {page}/subscribed_apps': {},
    'POST {page}/subscribed_apps': { parameters: () => ({ subscribed_fields: ['messages'] }) },
    'DELETE {page}/subscribed_apps': {},
    'GET {page}/conversations': { naming: { user_id: (of) => ({ user_id: of.person }) } },
    'GET {page}/custom_labels': {},
    'POST {page}/custom_labels': { parameters: () => ({ page_label_name: `new ${++made.count}` }) },
    'GET {page}/messenger_profile': { parameters: () => ({ fields: 'get_started' }) },
    'POST {page}/messenger_profile': { parameters: () => getStarted },
    'DELETE {page}/messenger_profile': { parameters: () => ({ fields: ['greeting'] }) },
    'GET {page}/custom_user_settings': {
      parameters: (of) => ({ psid: of.person }),
      naming: { psid: (of) => ({ psid: of.person }) },
    },
    'POST {page}/custom_user_settings': {
      parameters: (of) => ({ psid: of.person, ...menu }),
      naming: { psid: (of) => ({ psid: of.person }) },
    },
    'DELETE {page}/custom_user_settings': {
      parameters: (of) => ({ psid: of.person, params: ['persistent_menu'] }),
      naming: { psid: (of) => ({ psid: of.person }) },
    },
    'GET {page}/personas': {},
    'POST {page}/personas': {
      parameters: () => ({ name: 'Kim', profile_picture_url: 'https://pictures.example/k.png' }),
    },
    'POST {page}/message_attachments': {
      parameters: () => ({
        message: { attachment: { type: 'image', payload: { url: 'https://pictures.example/b.png' } } },
      }),
    },
    'GET {app}': { appToken: true },
    'GET {app}/accounts': { appToken: true },
    'GET {app}/subscriptions': { appToken: true },
    // It would ask the callback, which this app does not have.
    'POST {app}/subscriptions': { appToken: true, parameters: () => ({ object: 'page' }), never: 100 },
    'DELETE {app}/subscriptions': { appToken: true },
    'GET {person}': {},
    'GET {person}/custom_labels': {},
    'GET {label}': {},
    'DELETE {label}': {},
    'POST {label}/label': {
      parameters: (of) => ({ user: of.person }),
      naming: { user: (of) => ({ user: of.person }) },
    },
    'DELETE {label}/label': {
      parameters: (of) => ({ user: of.person }),
      naming: { user: (of) => ({ user: of.person }) },
    },
    'GET {persona}': { ofApp: true },
    'DELETE {persona}': { ofApp: true },
    'GET {conversation}': { parameters: () => ({ fields: 'messages{message}' }) },
    'GET {conversation}/messages': { parameters: () => ({ fields: 'message' }) },
    'GET {message}': { parameters: () => ({ fields: 'message' }) },
    // What a token is, is told to its own app only; whoever has another one can as well use it.
    'GET debug_token': { parameters: () => ({ input_token: token }) },
  };

  const classes = [...routingEndpoints, ...platformEndpoints] as unknown as (new () => GraphEndpoints)[];
  const routes = classes.flatMap((endpoints) => new endpoints().routes);
  const nameOf = ({ verb, node, edge }: GraphRoute) =>
    `${verb} ${node === 'root' ? edge : `{${node}}${edge === null ? '' : `/${edge}`}`}`;
  /** The paths by which a route's object can be named. */
  const pathsOf = ({ node, edge }: GraphRoute, of: Belongings): string[] => {
    const ends = edge === null ? '' : `/${edge}`;
    if (node === 'root') return [ends];
    return (node === 'page' ? [of.page, of.instagram] : [of[node]]).map((id) => `/${id}${ends}`);
  };

  it('has no route that the table lacks, and the table none that is gone', () => {
    expect(Object.keys(rows).sort()).toEqual(routes.map(nameOf).sort());
  });

  describe.each(routes.map((route) => ({ name: nameOf(route), route })))('$name', ({ name, route }) => {
    const row = rows[name] ?? {};
    let mine: Belongings;
    const parametersOf = (of: Belongings) => row.parameters?.(of) ?? {};
    const credential = () => (row.appToken === true ? `${own.app}|${secret}` : token);

    beforeAll(async () => {
      mine = { ...own, ...(await made(token)) };
      // Earlier calls may have given it away.
      const control = { action: 'pass', app_id: own.app };
      await signalbox.api('POST', `/api/v1/threads/${own.page}/${own.person}/control`, control);
      // A menu needs the button that opens it.
      if (name.includes('custom_user_settings')) await graph('POST', '/me/messenger_profile', token, getStarted);
    });

    it('is refused alike to whoever has no token for it, whether or not there is such a thing', async () => {
      for (const [what, value] of refused) {
        const [[path = ''], [absent = '']] = [pathsOf(route, mine), pathsOf(route, missing)];
        const existing = await graph(route.verb, path, value, parametersOf(mine));
        const other = await graph(route.verb, absent, value, parametersOf(missing));
        expect({ what, status: existing.status }).toEqual({ what, status: 400 });
        expect(anonymous(existing, mine)).toEqual(anonymous(other, missing));
      }
    });

    if (route.node !== 'root') {
      it('tells of somebody else’s what it tells of nothing', async () => {
        for (const credentials of [token, `${own.app}|${secret}`]) {
          for (const [at, path] of pathsOf(route, foreign).entries()) {
            const theirs = await graph(route.verb, path, credentials, parametersOf(mine));
            const absent = pathsOf(route, missing)[at] ?? '';
            const nothing = await graph(route.verb, absent, credentials, parametersOf(mine));
            expect(anonymous(theirs, foreign)).toEqual(anonymous(nothing, missing));
            expect([400, 404]).toContain(theirs.status);
          }
        }
      });

      it('tells the app of another page what it tells of nothing', async () => {
        const of = row.appToken === true ? `${foreign.app}|${secret}` : foreignToken;
        for (const [at, path] of pathsOf(route, mine).entries()) {
          const strange = await graph(route.verb, path, of, parametersOf(foreign));
          const nothing = await graph(route.verb, pathsOf(route, missing)[at] ?? '', of, parametersOf(foreign));
          expect(anonymous(strange, mine)).toEqual(anonymous(nothing, missing));
          expect(strange.status).toBe(400);
        }
      });
    }

    for (const [parameter, naming] of Object.entries(row.naming ?? {})) {
      it(`takes no ${parameter} of somebody else’s`, async () => {
        const [path = ''] = pathsOf(route, mine);
        const theirs = await graph(route.verb, path, token, { ...parametersOf(mine), ...naming(foreign) });
        const nothing = await graph(route.verb, path, token, { ...parametersOf(mine), ...naming(missing) });
        expect(anonymous(theirs, foreign)).toEqual(anonymous(nothing, missing));
        expect(theirs.text).not.toContain(said);
      });
    }

    if (row.ofApp === true) {
      it('tells another app of the page what it tells of nothing', async () => {
        const [[path = ''], [other = '']] = [pathsOf(route, mine), pathsOf(route, missing)];
        const theirs = await graph(route.verb, path, colleagueToken);
        expect(anonymous(theirs, mine)).toEqual(anonymous(await graph(route.verb, other, colleagueToken), missing));
        expect(theirs.status).toBe(400);
      });
    }

    it('answers whoever may', async () => {
      const [path = ''] = pathsOf(route, mine);
      const { status, text: body } = await graph(route.verb, path, credential(), parametersOf(mine));
      if (row.never === undefined) expect({ status, body }).toMatchObject({ status: 200 });
      else expect({ status, code: JSON.parse(body).error?.code }).toEqual({ status: 400, code: row.never });
      if (name.includes('message}') || name.includes('conversation}')) expect(body).toContain(said);
    });
  });

  it('keeps to it within a batch', async () => {
    const batch = (of: Belongings) =>
      Object.entries(of)
        .filter(([what]) => what !== 'attachment')
        .map(([, id]) => ({ method: 'GET', relative_url: id }));
    const ask = async (of: Belongings) => {
      const { status, text: body } = await graph('POST', '/', token, { batch: batch(of), include_headers: false });
      expect(status).toBe(200);
      const answers: { code: number; body: string }[] = JSON.parse(body);
      return answers.map(({ code, body: each }) => anonymous({ status: code, headers: {}, text: each }, of));
    };
    const theirs = await ask(foreign);
    expect(theirs).toEqual(await ask(missing));
    expect(theirs.length).toBe(8);
  });
});

describe('the admin API', () => {
  const rows: Readonly<Record<string, 'nobody' | 'viewer' | 'operator' | 'admin'>> = {
    'POST /session': 'nobody',
    'GET /session': 'viewer',
    'DELETE /session': 'viewer',
    'GET /tokens': 'admin',
    'POST /tokens': 'admin',
    'DELETE /tokens/{token_id}': 'admin',
    'GET /audit': 'admin',
    'GET /apps': 'viewer',
    'GET /apps/{app_id}': 'viewer',
    'PUT /apps/{app_id}': 'admin',
    'DELETE /apps/{app_id}': 'admin',
    'POST /apps/{app_id}/pause': 'operator',
    'POST /apps/{app_id}/resume': 'operator',
    'GET /pages': 'viewer',
    'GET /pages/{page_id}': 'viewer',
    'PUT /pages/{page_id}': 'admin',
    'DELETE /pages/{page_id}': 'admin',
    'GET /pages/{page_id}/checks': 'viewer',
    'POST /pages/{page_id}/explain': 'viewer',
    'GET /pages/{page_id}/apps': 'viewer',
    'GET /pages/{page_id}/apps/{app_id}': 'viewer',
    'PUT /pages/{page_id}/apps/{app_id}': 'admin',
    'DELETE /pages/{page_id}/apps/{app_id}': 'admin',
    'POST /pages/{page_id}/apps/{app_id}/token': 'admin',
    'GET /pages/{page_id}/routes/ads': 'viewer',
    'GET /pages/{page_id}/routes/ads/{ad_id}': 'viewer',
    'PUT /pages/{page_id}/routes/ads/{ad_id}': 'admin',
    'DELETE /pages/{page_id}/routes/ads/{ad_id}': 'admin',
    'GET /pages/{page_id}/routes/links': 'viewer',
    'GET /pages/{page_id}/routes/links/{ref}': 'viewer',
    'PUT /pages/{page_id}/routes/links/{ref}': 'admin',
    'DELETE /pages/{page_id}/routes/links/{ref}': 'admin',
    'GET /pages/{page_id}/people/{psid}': 'viewer',
    'DELETE /pages/{page_id}/people/{psid}': 'admin',
    'GET /threads': 'viewer',
    'GET /threads/{page_id}/{psid}': 'viewer',
    'GET /threads/{page_id}/{psid}/events': 'viewer',
    'GET /threads/{page_id}/{psid}/deliveries': 'viewer',
    'POST /threads/{page_id}/{psid}/control': 'operator',
    'POST /threads/{page_id}/{psid}/messages': 'operator',
    'GET /deliveries': 'viewer',
    'GET /deliveries/{delivery_id}': 'viewer',
    'GET /deliveries/{delivery_id}/request': 'operator',
    'POST /deliveries/replay': 'operator',
    'POST /deliveries/{delivery_id}/replay': 'operator',
    'GET /delivery-health': 'viewer',
    'GET /feed': 'viewer',
    'GET /live': 'viewer',
    'GET /machine': 'viewer',
    'POST /inspector/tickets': 'viewer',
    'GET /simulator/clock': 'viewer',
    'POST /simulator/clock': 'operator',
    'POST /simulator/pages/{page_id}/people/{psid}/actions': 'operator',
    'GET /simulator/pages/{page_id}/people/{psid}/messages': 'viewer',
    'GET /simulator/pages/{page_id}/people/{psid}/profile': 'viewer',
  };
  const ranks = ['viewer', 'operator', 'admin'];
  const guarded = Object.entries(rows)
    .filter(([, needed]) => needed !== 'nobody')
    .map(([route, needed]) => ({ route, needed }));
  let deliveryId: string;

  beforeAll(async () => {
    const { body } = await signalbox.api('GET', `/api/v1/threads/${own.page}/${own.person}/deliveries`);
    deliveryId = body.data[0].id;
    await signalbox.api('PUT', `/api/v1/pages/${own.page}/routes/ads/77`, { receiving_app_id: own.app });
    await signalbox.api('PUT', `/api/v1/pages/${own.page}/routes/links/flyer`, { app_id: own.app });
  });

  const idsOf = (of: Belongings, exists: boolean): Record<string, string> => ({
    app_id: of.app,
    page_id: of.page,
    psid: of.person,
    ad_id: exists ? '77' : '99',
    ref: exists ? 'flyer' : 'other',
    delivery_id: exists ? deliveryId : deliveryId.replace(/\d+(?=-\d+$)/, '999999999'),
    token_id: exists ? '0'.repeat(16) : '1'.repeat(16),
  });
  const call = (route: string, ids: Record<string, string>, of: string | null) => {
    const [method = '', template = ''] = route.split(' ');
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''));
    return fetched(`${signalbox.url}/api/v1${path}`, {
      method,
      ...(of !== null && { headers: { authorization: `Bearer ${of}` } }),
    });
  };

  it('has no route that the table lacks, and the table none that is gone', async () => {
    const document = await OpenApiDocument.of(signalbox.url);
    const known = document
      .operations()
      .filter(({ template }) => template.startsWith('/api/v1/'))
      .map(({ method, template }) => `${method} ${template.replace('/api/v1', '')}`);
    expect(Object.keys(rows).sort()).toEqual(known.sort());
  });

  it.each(guarded)(
    '$route is $needed’s, and tells nobody else whether there is such a thing',
    async ({ route, needed }) => {
      const [existing, nothing] = [idsOf(own, true), idsOf(missing, false)];
      const callers = [
        ...[...outsiders].map(([who, of]) => ({ who, of, status: 401 })),
        ...[...insiders]
          .filter(([role]) => ranks.indexOf(role) < ranks.indexOf(needed))
          .map(([who, of]) => ({ who, of, status: 403 })),
      ];
      for (const { who, of, status } of callers) {
        const [one, other] = [await call(route, existing, of), await call(route, nothing, of)];
        expect({ who, status: one.status }).toEqual({ who, status });
        expect(anonymous(one, own)).toEqual(anonymous(other, missing));
      }
    },
  );

  it.each(guarded)('$route lets $needed and those above in', async ({ route, needed }) => {
    const reads = route.startsWith('GET');
    for (const [role, of] of insiders) {
      if (ranks.indexOf(role) < ranks.indexOf(needed)) continue;
      // What changes something is asked of nothing, and without what it needs.
      const { status } = await call(route, reads ? idsOf(own, true) : idsOf(missing, false), of);
      expect({ role, refused: status === 401 || status === 403, ...(reads && { status }) }).toEqual({
        role,
        refused: false,
        ...(reads && { status: 200 }),
      });
    }
  });
});
