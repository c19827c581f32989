import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc, { type Arbitrary } from 'fast-check';
import { OpenApiDocument } from '../support/openapi.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { valuesOf, type Schema } from '../support/schema-arbitrary.js';

/*
 * Every route of the admin API is called with whatever its own description allows, and with what it does not; every call
 * of the Graph API with parameters of any shape in any encoding. Whatever comes: the answer is one that is described, and
 * never a fault of the server's. The same requests each time, unless SEED asks for others.
 */
const seed = Number(process.env['SEED'] ?? 1);

/** What JavaScript itself puts on every object: whoever could add to it would change every object of the server. */
const onEveryObject = Object.getOwnPropertyNames(Object.prototype).sort();
afterEach(() => expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(onEveryObject));

v8.setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** In bytes, of what is really in use. */
function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
/** What the second half of the requests may leave behind in all, about ten kilobytes each: caches fill up to there. */
const heapGrowthMax = 24 * 1024 * 1024;

const page = '104700000000001';
const otherPage = '104700000000002';
const apps = ['2100000000000011', '2200000000000022'];
const person = '7000000000000101';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema?: Schema;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
interface Request {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly [string, string][];
  readonly body: { readonly text: string; readonly type: string } | null;
  readonly idempotencyKey: string | undefined;
  /** Whose token it carries. */
  readonly caller: number;
}

/** What a request is not about when it is to be answered: these streams have no end. */
const streams = (operation: Operation) =>
  'text/event-stream' in (operation.responses['200']?.content ?? {}) &&
  !('application/json' in (operation.responses['200']?.content ?? {}));

describe('the admin API', () => {
  let signalbox: TestSignalbox;
  let document: OpenApiDocument;
  let description: any;
  /** An admin's, an operator's, a viewer's, and nobody's. */
  const tokens: string[] = [adminToken];

  beforeAll(async () => {
    signalbox = await startSignalbox();
    document = await OpenApiDocument.of(signalbox.url);
    for (const role of ['operator', 'viewer']) {
      tokens.push((await signalbox.api('POST', '/api/v1/tokens', { name: role, role })).body.token);
    }
    tokens.push('nobody');
    description = await (await fetch(`${signalbox.url}/docs-json`)).json();
    for (const id of apps) await signalbox.api('PUT', `/api/v1/apps/${id}`, { name: `App ${id}` });
    for (const id of [page, otherPage]) {
      await signalbox.api('PUT', `/api/v1/pages/${id}`, { name: `Page ${id}`, default_app_id: apps[0] });
      for (const app of apps) await signalbox.api('PUT', `/api/v1/pages/${id}/apps/${app}`, {});
    }
    await signalbox.api('POST', `/api/v1/simulator/pages/${page}/people/${person}/actions`, {
      type: 'message',
      text: 'hello',
    });
  });
  afterAll(() => signalbox.stop());

  /** Otherwise the requests would be so wrong that nothing is ever reached. */
  const answered = new Set<number>();

  const known = fc.constantFrom(page, otherPage, ...apps, person, '1', '99999999999999999999', 'summer');
  const odd = fc.constantFrom('0', '-1', '..', '.', '%', 'é', 'a/b', "'", '\u0000', '1e3', 'null', 'x'.repeat(300));

  function requests(template: string, operation: Operation): Arbitrary<Request> {
    const parameters = operation.parameters ?? [];
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
    const path = fc.record(
      Object.fromEntries(names.map((name) => [name, fc.oneof({ weight: 6, arbitrary: known }, odd)])),
    );
    const query = fc
      .tuple(
        ...parameters
          .filter((parameter) => parameter.in === 'query')
          .map(({ name, schema = {} }) =>
            fc.option(
              fc
                .oneof(valuesOf(schema, description), known)
                .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
                // A longer address is refused before any route sees it.
                .map((text) => [name, text.slice(0, 1_000)] as [string, string]),
            ),
          ),
      )
      .map((pairs) => pairs.filter((pair) => pair !== null));
    const schema = operation.requestBody?.content['application/json']?.schema;
    const json = (value: unknown) => ({ text: JSON.stringify(value), type: 'application/json' });
    const body =
      schema === undefined
        ? fc.constant(null)
        : fc.oneof(
            { weight: 12, arbitrary: valuesOf(schema, description).map(json) },
            {
              weight: 1,
              arbitrary: fc.constantFrom(
                { text: '', type: 'application/json' },
                { text: '{', type: 'application/json' },
                { text: '\ufeff{}', type: 'application/json' },
                { text: '{"a":1,"a":2}', type: 'application/json' },
                { text: '{}', type: 'text/plain' },
                { text: 'a=b', type: 'application/x-www-form-urlencoded' },
                { text: '[]', type: 'application/json; charset=utf-16' },
              ),
            },
          );
    // Mostly the one who may do everything, so that much is reached.
    const caller = fc.constantFrom(0, 0, 0, 1, 2, 3);
    const idempotencyKey = fc.option(fc.constantFrom('key-1', 'k', ' ', 'x'.repeat(500)), { nil: undefined });
    return fc.record({ path, query, body, idempotencyKey, caller });
  }

  async function send(method: string, template: string, request: Request): Promise<void> {
    const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(request.path[name] ?? ''));
    const query = new URLSearchParams(request.query).toString();
    const target = query === '' ? path : `${path}?${query}`;
    const response = await fetch(`${signalbox.url}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens[request.caller]}`,
        ...(request.body !== null && { 'content-type': request.body.type }),
        ...(request.idempotencyKey !== undefined && { 'idempotency-key': request.idempotencyKey }),
      },
      ...(request.body !== null && { body: request.body.text }),
    });
    const contentType = response.headers.get('content-type') ?? '';
    const text = await response.text();
    const body: unknown = contentType.includes('json') ? JSON.parse(text) : text;
    if (response.status >= 500) throw new Error(`${method} ${target} → ${response.status}: ${text.slice(0, 500)}`);
    // A segment of dots or of nothing is another path: what that answers is not this route's.
    if (/\/(\.{1,2})?(\/|$)/.test(decodeURIComponent(path))) return;
    document.check(method, template, { status: response.status, contentType, body });
    answered.add(response.status);
  }

  it('answers everything as it says it does, and stays up', async () => {
    const operations = Object.entries<Record<string, Operation>>(description.paths).flatMap(([template, item]) =>
      Object.entries(item).map(([method, operation]) => ({ template, method, operation })),
    );
    let before = 0;
    for (const [at, { template, method, operation }] of operations.entries()) {
      if (at === Math.floor(operations.length / 2)) before = heapUsed();
      if (streams(operation)) continue;
      await fc.assert(
        fc.asyncProperty(requests(template, operation), (request) => send(method.toUpperCase(), template, request)),
        { numRuns: 60, seed, endOnFailure: true },
      );
    }
    expect(heapUsed() - before).toBeLessThan(heapGrowthMax);
    expect([...answered]).toEqual(expect.arrayContaining([200, 201, 204, 400, 401, 403, 404, 422]));
    expect((await signalbox.api('GET', '/health/ready')).status).toBe(200);
  }, 300_000);
});

describe('the Graph API', () => {
  let signalbox: TestSignalbox;
  let token: string;

  beforeAll(async () => {
    signalbox = await startSignalbox();
    for (const id of apps) await signalbox.api('PUT', `/api/v1/apps/${id}`, { name: `App ${id}` });
    await signalbox.api('PUT', `/api/v1/pages/${page}`, { name: 'Shop', default_app_id: apps[0] });
    for (const id of apps) {
      const { body } = await signalbox.api('PUT', `/api/v1/pages/${page}/apps/${id}`, { can_take_control: true });
      token = body.page_access_token;
    }
    await signalbox.api('POST', `/api/v1/simulator/pages/${page}/people/${person}/actions`, {
      type: 'message',
      text: 'hello',
    });
  });
  afterAll(() => signalbox.stop());

  /** Objects and edges of every kind of call, and some there are none of. */
  const nodes = fc.constantFrom('me', page, person, apps[0] ?? '', '1', '99999999999999999999999', 't_1', 'm_1', '..');
  const edges = fc.constantFrom(
    ...['', 'messages', 'pass_thread_control', 'release_thread_control', 'take_thread_control', 'thread_owner'],
    ...['request_thread_control', 'extend_thread_control', 'pass_thread_metadata', 'secondary_receivers', 'accounts'],
    ...['subscribed_apps', 'subscriptions', 'messenger_profile', 'custom_user_settings', 'personas', 'conversations'],
    ...['message_attachments', 'custom_labels', 'label', 'nowhere', 'messages/messages'],
  );
  const people = fc.constantFrom<unknown>(person, { id: person }, { id: Number(person) }, `{id:'${person}'}`, {
    id: '',
  });
  const objects = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>('{', "{'a':1}", '[]', '\u0000', 1e308),
    fc.constantFrom<unknown>('{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'),
  );
  /** Each parameter as it should be, and as nobody would send it. */
  const parameters = fc.record(
    {
      recipient: fc.oneof({ weight: 4, arbitrary: people }, objects),
      message: fc.oneof(
        { weight: 4, arbitrary: fc.record({ text: fc.string({ unit: 'binary', maxLength: 3_000 }) }) },
        fc.record({ attachment: fc.record({ type: fc.string(), payload: objects }), quick_replies: objects }),
        objects,
      ),
      messaging_type: fc.constantFrom<unknown>('RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'x', 1),
      tag: fc.constantFrom<unknown>('HUMAN_AGENT', 'ACCOUNT_UPDATE', 'x', {}),
      sender_action: fc.constantFrom<unknown>('typing_on', 'mark_seen', 'react', 'x', []),
      thread_control: fc.oneof(
        fc.record({ payload: fc.constantFrom('pass_thread_control', 'release_thread_control', 'x') }),
        fc.record({ app_id: fc.constantFrom<unknown>(...apps, 1, 'x'), control_type: fc.constantFrom('pass', 'x') }),
        objects,
      ),
      target_app_id: fc.oneof(fc.constantFrom<unknown>(...apps, Number(apps[0]), 'x'), objects),
      metadata: fc.oneof(fc.string({ maxLength: 2_000 }), objects),
      fields: fc.oneof(
        fc.constantFrom('id,name', '["id"]', 'messaging_feature_status', 'participants,messages{id}'),
        objects,
      ),
      subscribed_fields: fc.oneof(fc.constantFrom('messages,standby', '["messages"]'), objects),
      get_started: objects,
      persistent_menu: objects,
      ice_breakers: objects,
      platform: fc.constantFrom('messenger', 'instagram', 'x'),
      user_id: fc.oneof(fc.constantFrom(person, 'x'), objects),
      psid: fc.constantFrom<unknown>(person, 'x', []),
      name: fc.oneof(fc.string(), objects),
      page_label_name: fc.oneof(fc.string(), objects),
      batch: fc.oneof(
        fc.array(fc.record({ method: fc.constantFrom('GET', 'POST', 'x'), relative_url: fc.webPath() }), {
          maxLength: 60,
        }),
        objects,
      ),
      method: fc.constantFrom('get', 'post', 'delete', 'x'),
    },
    { requiredKeys: [] },
  );
  const asPair = ([name, value]: [string, unknown]): [string, string] => [name, asText(value)];
  const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  const encodings = {
    json: (values: object) => ({ type: 'application/json', text: JSON.stringify(values) }),
    form: (values: object) => ({
      type: 'application/x-www-form-urlencoded',
      text: new URLSearchParams(Object.entries(values).map(asPair)).toString(),
    }),
    mislabelled: (values: object) => ({ type: 'application/x-www-form-urlencoded', text: JSON.stringify(values) }),
    broken: () => ({ type: 'multipart/form-data; boundary=x', text: '--x\r\ncontent-disposition: form-data\r\n' }),
    none: () => null,
  } as const;
  const calls = fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    version: fc.constantFrom('', '/v2.6', '/v25.0', '/v1', '/v99.9'),
    node: nodes,
    edge: edges,
    values: parameters,
    encoding: fc.constantFrom<keyof typeof encodings>('json', 'json', 'form', 'mislabelled', 'broken', 'none'),
    inQuery: fc.boolean(),
  });

  it('answers whatever it is asked with success or with the envelope of an error', async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(calls, async ({ method, version, node, edge, values, encoding, inQuery }) => {
        const body = method === 'GET' ? null : encodings[encoding](values);
        const query = new URLSearchParams(
          inQuery
            ? Object.entries(values)
                .map(asPair)
                .map(([name, text]) => [name, text.slice(0, 500)] as [string, string])
            : [],
        );
        query.set('access_token', token);
        const path = edge === '' ? `${version}/${node}` : `${version}/${node}/${edge}`;
        const response = await fetch(`${signalbox.url}${path}?${query.toString()}`, {
          method,
          ...(body !== null && { headers: { 'content-type': body.type }, body: body.text }),
        });
        const text = await response.text();
        statuses.add(response.status);
        if (response.status >= 500) throw new Error(`${response.status}: ${text.slice(0, 500)}`);
        if (response.status !== 200) expect(text).toMatch(/^\{"error":\{"message":".+"fbtrace_id":"A[\w-]{22}"/);
        else expect(text).not.toMatch(/^.{0,50}"error/);
      }),
      { numRuns: 1_000, seed, endOnFailure: true },
    );
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400]));
  }, 300_000);
});
