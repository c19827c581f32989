import { Gateway, pageId, pageToken } from '../support/gateway.js';
import { inbox as inboxId } from '../support/instance.js';
import { expiredToken, metaAppId, Platform, rateLimited, serverError, usage, type Fault } from '../support/platform.js';
import { guideFields, type Bot, type Stage, type StagePage } from '../support/stage.js';

let gateway: Gateway;
let platform: Platform;
let stage: Stage;
let page: StagePage;
let marketing: Bot;
let desk: Bot;
let agent: Bot;
let inbox: Bot;

beforeAll(async () => {
  gateway = await Gateway.open();
  ({ platform, stage, page, marketing, desk, agent, inbox } = gateway);
});
afterAll(async () => {
  await gateway?.close();
});
beforeEach(() => {
  platform.faults.length = 0;
  platform.calls.length = 0;
  platform.echoes = true;
});

const putPage = (more?: object) => gateway.putPage(more);
const newPerson = (more?: { instagram?: boolean }) => gateway.newPerson(more);
const threadOf = (person: string) => gateway.threadOf(person);
const rowsOf = (person: string) => gateway.rowsOf(person);
const told = (bot: Bot, person: string, count: number) => gateway.told(bot, person, count);

const send = (bot: Bot, person: string, text: string, more: object = {}) =>
  bot
    .on(page)
    .post('/v12.0/me/messages', { recipient: { id: person }, message: { text, metadata: 'my own' }, ...more });
const passTo = (bot: Bot) => ({ thread_control: { control_type: 'pass', app_id: bot.id } });

const typesOf = async (person: string) => (await rowsOf(person)).map(({ type, outcome }) => `${type} ${outcome}`);

/** Waits until an echo has become of every send. */
async function echoed(person: string, count = 1): Promise<any[]> {
  for (;;) {
    const rows = (await rowsOf(person)).filter(({ type }) => type === 'app.sent');
    if (rows.length >= count) return rows;
  }
}

describe('a message', () => {
  it('of the app in control goes out with the page’s token, and comes back as its echo', async () => {
    const person = await newPerson();
    const answer = await send(desk, person, 'how can I help?');

    expect(answer.status).toBe(200);
    const [call] = platform.calls;
    expect(call?.body).toEqual({
      recipient: { id: person },
      messaging_type: 'RESPONSE',
      message: { text: 'how can I help?', metadata: expect.stringMatching(/^signalbox:/) },
    });
    expect(await told(desk, person, 1)).toEqual(['live echo: how can I help?']);
    expect(await told(marketing, person, 1)).toEqual(['standby echo: how can I help?']);
    const [echo] = desk.receiver.about(person).slice(-1);
    expect(echo?.body).toContain(`"app_id":${desk.id}`);
    expect(echo?.body).toContain('"metadata":"my own"');
    expect(echo?.json.entry[0].messaging[0].message.mid).toBe(answer.body.message_id);
    expect(await typesOf(person)).toEqual(['user.message applied', 'app.send applied', 'app.sent applied']);
  });

  it('is told once, however often and whenever its echo comes', async () => {
    const person = await newPerson();
    platform.faults.push({ echoFirst: true });
    const { body } = await send(desk, person, 'once');
    const reference = platform.calls[0]?.body.message.metadata;
    for (let times = 0; times < 3; times++) {
      const echo = { mid: body.message_id, text: 'once', app_id: Number(metaAppId), metadata: reference };
      expect(await platform.echo(person, echo)).toBe(200);
    }
    await send(desk, person, 'the end');
    expect(await told(desk, person, 2)).toEqual(['live echo: once', 'live echo: the end']);
    expect((await echoed(person, 2)).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  });

  it('of an app without control does not leave', async () => {
    const person = await newPerson();
    const answer = await send(marketing, person, 'spam');
    expect(answer.body.error).toMatchObject({ code: 10, error_subcode: 2018300 });
    expect(platform.calls).toEqual([]);
    expect(await typesOf(person)).toEqual(['user.message applied', 'app.send refused']);
  });

  it('takes control once it is out', async () => {
    const person = await newPerson();
    expect((await send(agent, person, 'a human here')).status).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', owner_app_id: agent.id });
    expect(await told(desk, person, 2)).toEqual([`take for ${agent.id}`, 'standby echo: a human here']);
    expect(await told(agent, person, 1)).toEqual(['live echo: a human here']);
  });

  it('passes control once it is out: the echo is told before the handover', async () => {
    const person = await newPerson();
    expect((await send(desk, person, 'over to sales', passTo(marketing))).status).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', owner_app_id: marketing.id });
    expect(await told(marketing, person, 2)).toEqual(['standby echo: over to sales', `pass for ${marketing.id}`]);
    expect(await told(desk, person, 1)).toEqual(['live echo: over to sales']);
  });

  it('does not leave when what it does to control would be refused', async () => {
    const person = await newPerson();
    const answer = await send(desk, person, 'bye', {
      thread_control: { control_type: 'pass', app_id: '2900000000000099' },
    });
    expect(answer.body.error).toMatchObject({ code: 100, error_subcode: 2018164 });
    expect(platform.calls).toEqual([]);
  });

  it('is out even if control has gone elsewhere meanwhile', async () => {
    const person = await newPerson();
    platform.faults.push({ silent: true, sends: true, echoes: false });
    const sending = send(desk, person, 'one moment', passTo(marketing));
    const call = await until(() => platform.calls[0]);
    await stage.ask('POST', `/api/v1/threads/${pageId}/${person}/control`, { action: 'pass', app_id: agent.id });
    await platform.echo(person, { text: 'one moment', metadata: call.body.message.metadata });
    expect((await sending).status).toBe(200);
    expect(await threadOf(person)).toMatchObject({ owner_app_id: agent.id });
    expect(await typesOf(person)).toEqual([
      'user.message applied',
      'app.send applied',
      'operator.pass applied',
      'control.pass refused',
      'app.sent applied',
    ]);
  });
});

/** Looks again until there is something. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('what the platform refuses', () => {
  it.each<[string, { status: number; body: object; headers?: Record<string, string> }]>([
    ['an expired token', expiredToken],
    ['a rate limit', rateLimited],
    ['a fault of its own', serverError],
  ])('reaches the app as it is: %s', async (_, refusal) => {
    const person = await newPerson();
    platform.faults.push({ answer: refusal });
    const answer = await send(agent, person, 'hello', passTo(marketing));
    expect({ status: answer.status, body: answer.body }).toEqual({ status: refusal.status, body: refusal.body });
    for (const [name, value] of Object.entries({ ...usage, ...refusal.headers })) {
      expect(answer.headers.get(name)).toBe(value);
    }
    expect(platform.calls).toHaveLength(1);
    expect(await threadOf(person)).toMatchObject({ state: 'default-owned', owner_app_id: desk.id });
    const last = (await rowsOf(person)).at(-1);
    expect(last).toMatchObject({
      type: 'app.failed',
      notices: [],
      payload: { status: refusal.status, body: refusal.body },
    });
  });

  it('reaches the app in our words if it is none of its own', async () => {
    const person = await newPerson();
    platform.faults.push({ answer: { status: 502, body: '<html>Bad gateway</html>' } });
    const answer = await send(desk, person, 'hello');
    expect(answer.status).toBe(502);
    expect(answer.body.error).toMatchObject({ code: 2, is_transient: true });
  });

  it('of a text that is too long for it, too', async () => {
    const answer = await send(desk, await newPerson(), 'x'.repeat(2001));
    expect(answer.status).toBe(400);
    expect(platform.calls).toEqual([]);
  });
});

describe('a send that the platform does not answer', () => {
  const silently = (fault: Partial<Extract<Fault, { silent: true }>>) =>
    platform.faults.push({ silent: true, sends: true, echoes: false, ...fault });

  it('is answered by its echo', async () => {
    const person = await newPerson();
    silently({ echoes: true });
    const answer = await send(agent, person, 'are you there?');
    expect(answer.status).toBe(200);
    const [sent] = await echoed(person);
    expect(answer.body).toEqual({ recipient_id: person, message_id: sent.payload.message.mid });
    expect(sent.payload.message).toMatchObject({ metadata: 'my own' });
    expect(await threadOf(person)).toMatchObject({ owner_app_id: agent.id });
    expect(platform.calls).toHaveLength(1);
  });

  it('has an unknown outcome without an echo, and is not sent again', async () => {
    const person = await newPerson();
    silently({});
    const answer = await send(agent, person, 'are you there?');
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain('unknown');
    expect(platform.calls).toHaveLength(1);
    expect(await threadOf(person)).toMatchObject({ owner_app_id: desk.id });

    // The echo comes after all.
    const { metadata } = platform.calls[0]?.body.message;
    await platform.echo(person, { text: 'are you there?', app_id: Number(metaAppId), metadata });
    expect(await threadOf(person)).toMatchObject({ owner_app_id: agent.id });
    expect(await typesOf(person)).toEqual([
      'user.message applied',
      'app.send applied',
      'app.failed applied',
      'app.sent applied',
    ]);
    expect(platform.calls).toHaveLength(1);
  });
});

describe('an echo that is not ours', () => {
  it.each([
    ['the platform’s inbox', { app_id: Number(inboxId) }, 'Somebody at the platform’s inbox'],
    ['a phone', {}, 'Somebody'],
    [
      'the platform’s AI',
      { app_id: Number(inboxId), ai_generated: true, metadata: '{"source":"axon"}' },
      'The platform’s AI',
    ],
    ['another app of the page', { app_id: 3400000000000044 }, 'App 3400000000000044'],
  ])('means that somebody else answered: %s', async (_, message, who) => {
    const person = await newPerson();
    expect(await platform.echo(person, { text: 'I take this one', ...message })).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', owner_app_id: inbox.id });
    expect((await rowsOf(person)).at(-1)).toMatchObject({
      type: 'outside.reply',
      cause: { by: 'system', reason: `${who} answered outside Signalbox.` },
    });
    expect(await told(desk, person, 2)).toEqual([`take for ${inbox.id}`, 'standby echo: I take this one']);
    expect(await told(inbox, person, 1)).toEqual(['live echo: I take this one']);
    expect((await send(desk, person, 'me too')).body.error).toMatchObject({ error_subcode: 2018300 });
  });

  describe('where the page says that they are only told', () => {
    beforeAll(() => putPage({ outside_replies: 'only_told' }));
    afterAll(() => putPage());

    it.each([
      ['the platform’s inbox', { app_id: Number(inboxId) }],
      ['a phone', {}],
      ['another app of the page', { app_id: 3400000000000044 }],
    ])('leaves the owner what it has, and says who answered: %s', async (_, message) => {
      const person = await newPerson();
      expect(await platform.echo(person, { text: 'I take this one', ...message })).toBe(200);
      expect(await threadOf(person)).toMatchObject({ state: 'default-owned', owner_app_id: desk.id });
      expect(await told(desk, person, 1)).toEqual(['live echo: I take this one']);
      expect(await told(inbox, person, 1)).toEqual(['standby echo: I take this one']);
      expect((await rowsOf(person)).at(-1)).toMatchObject({
        type: 'outside.reply',
        cause: { reason: expect.stringContaining('answered outside Signalbox.') },
      });
      expect((await send(desk, person, 'me too')).status).toBe(200);
    });

    it('nor do the platform’s own handovers move the thread', async () => {
      const person = await newPerson();
      for (const [verb, owner] of [
        ['take', 3400000000000044],
        ['pass', metaAppId],
      ] as const) {
        const move = { previous_owner_app_id: 1, new_owner_app_id: owner, metadata: null };
        expect(await platform.personWrites(person, '', { item: { [`${verb}_thread_control`]: move } })).toBe(200);
        expect(await threadOf(person)).toMatchObject({ owner_app_id: desk.id });
      }
      await send(desk, person, 'still here');
      expect(await told(desk, person, 1)).toEqual(['live echo: still here']);
    });
  });

  it('of a message of ours is ours under either policy', async () => {
    await putPage({ outside_replies: 'only_told' });
    const person = await newPerson();
    await send(agent, person, 'a human here');
    await putPage();
    expect(await threadOf(person)).toMatchObject({ owner_app_id: agent.id });
  });

  it('is only told as well on a page without an inbox', async () => {
    const path = `/api/v1/pages/${pageId}/apps/${inbox.id}`;
    await stage.api('DELETE', path);
    const person = await newPerson();
    await platform.echo(person, { text: 'from my phone' });
    expect(await threadOf(person)).toMatchObject({ state: 'default-owned', owner_app_id: desk.id });
    expect(await told(desk, person, 1)).toEqual(['live echo: from my phone']);
    await stage.ask('PUT', path, { subscribed_fields: [...guideFields, 'message_echoes'] });
  });

  it('is put aside if nobody knows the person, or our mark is on what we never sent', async () => {
    await platform.echo('7000000000079999', { text: 'hi' });
    const person = await newPerson();
    await platform.echo(person, { text: 'hi', metadata: 'signalbox:0badc0de-1-1' });
    const rows: { reason: string }[] = await gateway.signalbox.core.dataSource.query(
      'select reason from quarantine order by id',
    );
    expect(rows.map(({ reason }) => reason)).toEqual(['unknown_person', 'unknown_send']);
    expect(await threadOf(person)).toMatchObject({ owner_app_id: desk.id });
  });
});

describe('the platform’s own handovers', () => {
  const handover = (person: string, verb: 'pass' | 'take', newOwner: string | number, metadata: string | null = null) =>
    platform.personWrites(person, '', {
      item: { [`${verb}_thread_control`]: { previous_owner_app_id: 1, new_owner_app_id: newOwner, metadata } },
    });

  it.each([
    ['a take', 'take', 3400000000000044],
    ['a pass to another app', 'pass', '3400000000000044'],
  ] as const)('keep the threads in step: %s, and a pass back', async (_, verb, newOwner) => {
    const person = await newPerson();
    expect(await handover(person, verb, newOwner)).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', owner_app_id: inbox.id });
    expect(await handover(person, 'pass', metaAppId, 'all done')).toBe(200);
    expect(await threadOf(person)).toMatchObject({ state: 'passed', owner_app_id: desk.id });
    expect(await told(desk, person, 2)).toEqual([`take for ${inbox.id}`, `pass for ${desk.id}`]);
    expect(desk.receiver.about(person).at(-1)?.body).toContain('"metadata":"all done"');
    expect((await rowsOf(person)).slice(1).map(({ type, cause }) => [type, cause.reason])).toEqual([
      ['outside.take', 'The platform gave the thread to its app 3400000000000044.'],
      ['outside.return', 'The platform gave the thread back.'],
    ]);
  });

  it('take nothing from an app when the platform gives back what nobody had', async () => {
    const person = await newPerson();
    await send(agent, person, 'mine');
    await handover(person, 'pass', metaAppId);
    expect(await threadOf(person)).toMatchObject({ owner_app_id: agent.id });
  });
});

describe('on Instagram, whose echoes name nobody', () => {
  it.each<[string, Fault[]]>([
    ['after the answer', []],
    ['before the answer', [{ echoFirst: true }]],
  ])('an echo %s is known for ours', async (_, faults) => {
    const person = await newPerson({ instagram: true });
    platform.faults.push(...faults);
    const answer = await send(agent, person, 'hi there');
    expect(answer.status).toBe(200);
    expect(platform.calls[0]?.body.message).toEqual({ text: 'hi there', metadata: 'my own' });
    await platform.echo(person, { mid: answer.body.message_id, text: 'hi there' }, true);
    expect(await threadOf(person)).toMatchObject({ channel: 'instagram', owner_app_id: agent.id });
    expect(await typesOf(person)).toEqual(['user.message applied', 'app.send applied', 'app.sent applied']);
  });

  it('an echo of something else is somebody else’s', async () => {
    const person = await newPerson({ instagram: true });
    await send(desk, person, 'hi there');
    await platform.echo(person, { text: 'hello from the phone' }, true);
    expect(await threadOf(person)).toMatchObject({ owner_app_id: inbox.id });
  });
});

describe('people at the inbox', () => {
  const reply = (person: string, text: string, key?: string) =>
    stage.api(
      'POST',
      `/api/v1/threads/${pageId}/${person}/messages`,
      { text },
      key === undefined ? {} : { 'idempotency-key': key },
    );

  it('answer through the platform, once for each idempotency key', async () => {
    const person = await newPerson();
    const first = await reply(person, 'a person here', 'key-1');
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ before: { owner_app_id: desk.id }, after: { owner_app_id: inbox.id } });
    const again = await reply(person, 'a person here', 'key-1');
    expect(again.body).toMatchObject({ message_id: first.body.message_id, repeated: true });
    expect(platform.calls).toHaveLength(1);
  });

  it('learn what the platform refuses, and again when they repeat the call', async () => {
    const person = await newPerson();
    platform.faults.push({ answer: rateLimited });
    for (let times = 0; times < 2; times++) {
      const { status, body } = await reply(person, 'a person here', 'key-2');
      expect([status, body.code, body.platform]).toEqual([502, 'platform_refused', rateLimited.body]);
    }
    expect(platform.calls).toHaveLength(1);
    expect(await threadOf(person)).toMatchObject({ owner_app_id: desk.id });
  });

  it('learn that the outcome is unknown', async () => {
    const person = await newPerson();
    platform.faults.push({ silent: true, sends: false, echoes: false });
    for (let times = 0; times < 2; times++) {
      const { status, body } = await reply(person, 'a person here', 'key-3');
      expect([status, body.code]).toEqual([504, 'send_outcome_unknown']);
    }
    expect(platform.calls).toHaveLength(1);
  });
});

it('forwards sender actions, and moves control with them', async () => {
  const person = await newPerson();
  const act = (bot: Bot, sender_action: string, more: object = {}) =>
    bot.on(page).post('/me/messages', { recipient: { id: person }, sender_action, ...more });
  expect((await act(desk, 'typing_on')).body).toEqual({ recipient_id: person });
  expect((await act(marketing, 'typing_on')).status).toBe(400);
  platform.faults.push({ answer: serverError });
  expect((await act(desk, 'mark_seen', passTo(marketing))).status).toBe(500);
  expect(await threadOf(person)).toMatchObject({ owner_app_id: desk.id });
  expect((await act(desk, 'mark_seen', passTo(marketing))).status).toBe(200);
  expect(await threadOf(person)).toMatchObject({ owner_app_id: marketing.id });
  expect(platform.calls.map(({ body }) => body.sender_action)).toEqual(['typing_on', 'mark_seen', 'mark_seen']);
});

describe('the page’s token', () => {
  it('is never shown, and stays until it is replaced', async () => {
    const answers = [
      await putPage({ meta: { page_access_token: pageToken } }),
      await putPage(),
      await stage.ask('GET', `/api/v1/pages/${pageId}`),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ meta: { configured: true }, outside_replies: 'inbox_takes' });
      expect(JSON.stringify(answer)).not.toContain(pageToken);
    }
  });

  it('is needed for sending, and for nothing else', async () => {
    const person = await newPerson();
    await putPage({ meta: null });
    const answer = await send(desk, person, 'hello');
    await putPage({ meta: { page_access_token: pageToken } });
    expect(answer.status).toBe(403);
    expect(answer.body.error.code).toBe(200);
    expect(await typesOf(person)).toEqual(['user.message applied']);
  });

  it('that the platform does not know is reported as the platform says', async () => {
    const person = await newPerson();
    await putPage({ meta: { page_access_token: 'EAAanother' } });
    const answer = await send(desk, person, 'hello');
    await putPage({ meta: { page_access_token: pageToken } });
    expect(answer.body.error).toMatchObject({ code: 190, message: 'Invalid OAuth access token.' });
  });
});

it('tags what people answer later than a bot may', async () => {
  const person = await newPerson();
  await gateway.signalbox.core.configStore.setClockOffset(25 * 60 * 60 * 1000);
  const answer = await stage.api('POST', `/api/v1/threads/${pageId}/${person}/messages`, { text: 'good morning' });
  await gateway.signalbox.core.configStore.setClockOffset(0);
  expect(answer.status).toBe(200);
  expect(platform.calls[0]?.body).toMatchObject({ messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' });
});

it('says that the platform cannot be reached, and nothing is out', async () => {
  const person = await newPerson();
  const { values } = gateway.signalbox.core.settings;
  const url = values.META_GRAPH_URL;
  // Nothing listens there: a port that was free a moment ago.
  const gone = await Platform.start({ appSecret: 'secret', token: pageToken, page: pageId, instagram: '1' });
  values.META_GRAPH_URL = gone.url;
  await gone.close();
  const answer = await send(desk, person, 'hello');
  values.META_GRAPH_URL = url;
  expect(answer.status).toBe(503);
  expect(answer.body.error).toMatchObject({ code: 2, is_transient: true });
  expect(await typesOf(person)).toEqual(['user.message applied', 'app.send applied', 'app.failed applied']);
});
