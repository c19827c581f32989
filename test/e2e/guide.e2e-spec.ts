import type pg from 'pg';
import type { Channel } from '../../src/domain/page.js';
import { openPool } from '../../src/store/data-source.js';
import { LogStore } from '../../src/store/log.store.js';
import {
  enterThroughAd,
  enterThroughLink,
  getStarted,
  getStartedThroughLink,
  openLink,
  springAd,
  springAdRoute,
  tapAd,
  tapQuickReply,
  tapTemplateButton,
  tapTemplateButtonAfterTap,
  withoutPayload,
  withoutPayloadAndAd,
  write,
  writeAfterTap,
} from '../support/acts.js';
import { content, forEveryone, metaAppSecret, only, Person, type PersonSource, type Step } from '../support/person.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { guideFields, Stage, type Bot, type StagePage } from '../support/stage.js';
import { expectOneStory } from '../support/story.js';

let signalbox: TestSignalbox;
let stage: Stage;
let pool: pg.Pool;
let log: LogStore;

let marketing: Bot;
let support: Bot;
/** May take control by sending, and hears echoes. */
let assistant: Bot;
/** Has an id that no JavaScript number can hold. */
let linked: Bot;
let inbox: Bot;

/** Support is the default app of both channels. */
let shop: StagePage;
/** Each channel has its own default app and its own social app. */
let split: StagePage;
/** No default app. */
let open: StagePage;

let people: Person[] = [];

/** How the cast is connected; a page without a default app gives copies only to those who ask for them. */
const connected = (standby: { standby?: { messenger: boolean; instagram: boolean } } = {}) =>
  [
    [marketing, standby],
    [support, standby],
    [assistant, { ...standby, can_take_control: true, subscribed_fields: [...guideFields, 'message_echoes'] }],
    [linked, standby],
    [inbox, standby],
  ] as const;

let pages = 0;
async function addPage(routing: Parameters<Stage['addPage']>[2], cast = connected()): Promise<StagePage> {
  pages += 1;
  const page = await stage.addPage(String(104_700_000_000_000 + pages), cast, routing);
  const routes = `/api/v1/pages/${page.id}/routes`;
  await stage.ask('PUT', `${routes}/ads/${springAd}`, { receiving_app_id: marketing.id, ...springAdRoute });
  await stage.ask('PUT', `${routes}/links/flyer`, { app_id: linked.id });
  return page;
}

beforeAll(async () => {
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret });
  stage = new Stage({ url: signalbox.url, adminToken });
  pool = openPool(signalbox.database.url);
  log = new LogStore(pool);
  marketing = await stage.addBot('2100000000000011');
  support = await stage.addBot('2200000000000022');
  assistant = await stage.addBot('2300000000000033');
  linked = await stage.addBot('12345678901234567890');
  inbox = await stage.addBot('263902037430900', { kind: 'inbox' });
  shop = await addPage({ messenger: { defaultApp: support }, instagram: { defaultApp: support } });
  split = await addPage({
    messenger: { defaultApp: support, socialApp: assistant },
    instagram: { defaultApp: inbox, socialApp: linked },
  });
  open = await addPage({}, connected({ standby: { messenger: true, instagram: true } }));
});

afterAll(async () => {
  await stage?.close();
  await pool?.end();
  await signalbox?.stop();
});

afterEach(async () => {
  const those = people;
  people = [];
  for (const person of those) await expectOneStory(person, log);
});

/** An app's own words: on Instagram echoes come with the messages, on Messenger only the assistant hears them. */
async function echo(person: Person, owner: Bot, mid: string, text: string): Promise<Step> {
  const item = await person.echo(mid, text);
  const told = content(owner, item);
  return (bot) => (person.channel === 'instagram' || bot === assistant ? told(bot) : null);
}

function say(bot: Bot, person: Person, text: string, more: object = {}) {
  return bot.on(person.page).post('/v12.0/me/messages', {
    messaging_type: 'RESPONSE',
    recipient: person.recipient,
    message: { text },
    ...more,
  });
}

const notOwner = {
  messenger: {
    message: '(#10) Message failed to send because another app is controlling this thread now.',
    type: 'OAuthException',
    code: 10,
    error_subcode: 2018300,
  },
  instagram: {
    message: "The action is invalid since it's not the thread owner.",
    type: 'OAuthException',
    code: 100,
    error_subcode: 2534037,
  },
};

describe.each<[Channel, PersonSource]>([
  ['messenger', 'simulator'],
  ['messenger', 'platform'],
  ['instagram', 'simulator'],
  ['instagram', 'platform'],
])('on %s, by the %s,', (channel, source) => {
  function someone(page: StagePage = shop): Person {
    const person = new Person(stage, page, channel, source);
    people.push(person);
    return person;
  }

  /** Someone whom an ad has brought to the marketing app, and who has written. */
  async function someoneFromAd(page: StagePage = shop): Promise<Person> {
    const person = someone(page);
    const tap = await person.does(tapAd);
    const message = await person.does(writeAfterTap('Is it still on?'));
    await person.expectTold(
      only(marketing, person.routed(tap, null, marketing)),
      content(marketing, tap),
      content(marketing, message),
    );
    return person;
  }

  describe('a person who comes through an ad', () => {
    it('taps it: the marketing app gets control and the referral, the default app a copy', async () => {
      const person = someone();
      const tap = await person.does(tapAd);
      await person.expectTold(only(marketing, person.routed(tap, null, marketing)), content(marketing, tap));
      expect(await person.thread()).toMatchObject({
        state: 'marketing-owned',
        owner_app_id: marketing.id,
        entry_point: { type: 'ad', ad_id: springAd, ref: 'spring' },
        window_expires_at: null,
      });
    });

    it('taps it and writes: the first message carries the ad again, later ones do not', async () => {
      const person = await someoneFromAd();
      const second = await person.does(write('Hello?'));
      await person.expectTold(content(marketing, second));
      expect(await person.thread()).toMatchObject({ state: 'marketing-owned', owner_app_id: marketing.id });
    });

    it('writes at once: one event is both', async () => {
      const person = someone();
      const message = await person.does(enterThroughAd('Is it still on?'));
      await person.expectTold(only(marketing, person.routed(message, null, marketing)), content(marketing, message));
    });

    it("taps the template's button: the marketing app alone learns its payload", async () => {
      const person = someone();
      const tap = await person.does(tapTemplateButton);
      await person.expectTold(
        only(marketing, person.routed(tap, null, marketing)),
        content(marketing, tap, withoutPayloadAndAd(tap)),
      );
    });

    it("taps it, then the template's button", async () => {
      const person = someone();
      const ad = await person.does(tapAd);
      const button = await person.does(tapTemplateButtonAfterTap);
      await person.expectTold(
        only(marketing, person.routed(ad, null, marketing)),
        content(marketing, ad),
        content(marketing, button, withoutPayloadAndAd(button)),
      );
    });

    it("taps the template's quick reply: copies keep its payload", async () => {
      const person = someone();
      const tap = await person.does(tapQuickReply);
      await person.expectTold(only(marketing, person.routed(tap, null, marketing)), content(marketing, tap));
    });

    it('and had written before: the default app is named as the owner until then, and not told', async () => {
      const person = someone();
      const first = await person.does(write('hi'));
      const tap = await person.does(tapAd);
      await person.expectTold(
        content(support, first),
        only(marketing, person.routed(tap, support, marketing)),
        content(marketing, tap),
      );
    });

    it('falls silent for 24 hours: nobody is told, and the default app gets the next message', async () => {
      const person = await someoneFromAd();
      await stage.advance('24h');
      expect(await person.thread()).toMatchObject({ state: 'released', owner_app_id: null, entry_point: null });
      await person.expectTold();
      const message = await person.does(write('Are you there?'));
      await person.expectTold(content(support, message));
      expect(await person.thread()).toMatchObject({ state: 'default-owned', owner_app_id: support.id });
    });

    it('keeps the marketing app as long as they write', async () => {
      const person = await someoneFromAd();
      await stage.advance('23h');
      const message = await person.does(write('One more thing'));
      await stage.advance('23h');
      await person.expectTold(content(marketing, message));
      expect(await person.thread()).toMatchObject({ state: 'marketing-owned', owner_app_id: marketing.id });
    });
  });

  describe('the marketing app passes control', () => {
    it.each<[string, object]>([
      ['by payload', { payload: 'pass_thread_control' }],
      ['by control type', { control_type: 'pass' }],
    ])('with a message, %s: the default app is told', async (_form, threadControl) => {
      const person = await someoneFromAd();
      const sent = await say(marketing, person, 'Let me transfer you', { thread_control: threadControl });
      expect(sent.body).toEqual({ recipient_id: person.psid, message_id: expect.any(String) });
      await person.expectTold(
        await echo(person, marketing, sent.body.message_id, 'Let me transfer you'),
        only(support, await person.handover('control.pass', 'pass', marketing, support)),
      );
      expect(await person.thread()).toMatchObject({
        state: 'passed',
        owner_app_id: support.id,
        previous_owner_app_id: marketing.id,
      });
    });

    it('with a message, to the app it names: that app is told, and no other', async () => {
      const person = await someoneFromAd();
      const control = { thread_control: { app_id: linked.id, control_type: 'pass' } };
      const sent = await say(marketing, person, 'Over to you', control);
      await person.expectTold(
        await echo(person, marketing, sent.body.message_id, 'Over to you'),
        only(linked, await person.handover('control.pass', 'pass', marketing, linked)),
      );
      const message = await person.does(write('Thanks'));
      await person.expectTold(content(linked, message));
    });

    it('by the Handover call, with metadata', async () => {
      const person = await someoneFromAd();
      const answer = await marketing.on(shop).post('/v12.0/me/pass_thread_control', {
        recipient: person.recipient,
        metadata: 'Passing thread control to the default application',
      });
      expect(answer.text).toBe('{"success":true}');
      const metadata = '"Passing thread control to the default application"';
      await person.expectTold(
        only(support, await person.handover('control.pass', 'pass', marketing, support, metadata)),
      );
      const message = await person.does(write('Thanks'));
      await person.expectTold(content(support, message));
    });

    it('by the Handover call, to the app it names; an id may be a number', async () => {
      const person = await someoneFromAd();
      const answer = await marketing.on(shop).post(`/me/pass_thread_control`, {
        recipient: person.recipient,
        target_app_id: Number(assistant.id),
      });
      expect(answer.status).toBe(200);
      await person.expectTold(only(assistant, await person.handover('control.pass', 'pass', marketing, assistant)));
    });
  });

  describe('the marketing app releases control', () => {
    it.each<[string, object]>([
      ['payload', { payload: 'release_thread_control' }],
      ['control type', { control_type: 'release' }],
      ['control type with an app', { app_id: '2100000000000011', control_type: 'release' }],
      ['app alone', { app_id: '2300000000000033' }],
    ])('with a message, by %s: nobody is told, the default app has it', async (_form, threadControl) => {
      const person = await someoneFromAd();
      const sent = await say(marketing, person, 'Thank you', { thread_control: threadControl });
      await person.expectTold(await echo(person, marketing, sent.body.message_id, 'Thank you'));
      expect(await person.thread()).toMatchObject({
        state: 'released',
        owner_app_id: null,
        effective_owner_app_id: support.id,
        expires_at: null,
      });
      expect((await say(marketing, person, 'One more')).body.error).toMatchObject(notOwner[channel]);
      const answered = await say(support, person, 'Anything else?');
      await person.expectTold(await echo(person, support, answered.body.message_id, 'Anything else?'));
      expect(await person.thread()).toMatchObject({ state: 'released' });
    });

    it('by the Handover call: nobody is told, the next message goes to the default app', async () => {
      const person = await someoneFromAd();
      const body = { recipient: person.recipient, metadata: 'Release thread control to default application' };
      expect((await marketing.on(shop).post('/v12.0/me/release_thread_control', body)).text).toBe('{"success":true}');
      await person.expectTold();
      const message = await person.does(write('Hello again'));
      await person.expectTold(content(support, message));
      expect(await person.thread()).toMatchObject({ state: 'default-owned', owner_app_id: support.id });
    });
  });

  describe('any other way in', () => {
    it('a message without a history goes to the default app, without a handover', async () => {
      const person = someone();
      const message = await person.does(
        write(
          '\u00e4\u00f6\u00e5 50% <b> a@b https://x.test/ 👋',
          '\\u00e4\\u00f6\\u00e5 50\\u0025 \\u003Cb> a\\u0040b https:\\/\\/x.test\\/ \\ud83d\\udc4b',
        ),
      );
      await person.expectTold(content(support, message));
      expect(await person.thread()).toMatchObject({
        state: 'default-owned',
        owner_app_id: support.id,
        entry_point: { type: 'organic' },
      });
    });

    it('a link goes to its app, opened or with a first message or with Get Started', async () => {
      const opened = someone();
      const opening = await opened.does(openLink('flyer'));
      await opened.expectTold(only(linked, opened.routed(opening, null, linked)), content(linked, opening));
      expect(await opened.thread()).toMatchObject({
        state: 'marketing-owned',
        entry_point: { type: 'link', ref: 'flyer' },
      });

      const wrote = someone();
      const message = await wrote.does(enterThroughLink('flyer', 'I saw your flyer'));
      await wrote.expectTold(only(linked, wrote.routed(message, null, linked)), content(linked, message));

      const started = someone();
      const start = await started.does(getStartedThroughLink('flyer'));
      await started.expectTold(
        only(linked, started.routed(start, null, linked)),
        content(linked, start, withoutPayload(start)),
      );
    });

    it('a link without a route goes to the default app', async () => {
      const person = someone();
      const opening = await person.does(openLink('business_card'));
      await person.expectTold(content(support, opening));
      expect(await person.thread()).toMatchObject({ state: 'default-owned', owner_app_id: support.id });
    });

    it('Get Started goes to the default app where there is no social app', async () => {
      const person = someone();
      const start = await person.does(getStarted);
      await person.expectTold(content(support, start, withoutPayload(start)));
    });

    it("Get Started goes to the channel's social app where there is one, whoever owns the thread", async () => {
      const person = await someoneFromAd(split);
      const social = channel === 'messenger' ? assistant : linked;
      const start = await person.does(getStarted);
      await person.expectTold(
        only(social, person.routed(start, marketing, social)),
        content(social, start, withoutPayload(start)),
      );
    });

    it("a thread without a message for 24 hours goes to the channel's social app", async () => {
      const person = someone(split);
      const social = channel === 'messenger' ? assistant : linked;
      const first = await person.does(write('hi'));
      await person.expectTold(only(social, person.routed(first, null, social)), content(social, first));
      await social.on(split).post('/me/release_thread_control', { recipient: person.recipient });
      const early = await person.does(write('and also'));
      const defaultApp = channel === 'messenger' ? support : inbox;
      await person.expectTold(content(defaultApp, early));
      await stage.advance('24h');
      const late = await person.does(write('hi again'));
      await person.expectTold(only(social, person.routed(late, null, social)), content(social, late));
    });
  });

  describe('while the marketing app owns the thread', () => {
    it('other apps may not write: they are refused, nobody is told, nothing changes', async () => {
      const person = await someoneFromAd();
      const before = await person.thread();
      for (const bot of [support, linked]) {
        const { status, body } = await say(bot, person, 'May I?');
        expect({ status, error: body.error }).toEqual({
          status: 400,
          error: { ...notOwner[channel], fbtrace_id: expect.any(String) },
        });
      }
      await person.expectTold();
      // What was refused is an event, too.
      expect(await person.thread()).toEqual({ ...before, last_event_at: expect.any(String) });
    });

    it('other apps may neither pass nor release it', async () => {
      const person = await someoneFromAd();
      for (const verb of ['pass_thread_control', 'release_thread_control']) {
        const { status } = await support.on(shop).post(`/v12.0/me/${verb}`, { recipient: person.recipient });
        expect(status).toBe(400);
      }
      await person.expectTold();
    });

    it('an app that may take control does so by writing: the old owner is told, then the echo follows', async () => {
      const person = await someoneFromAd();
      const sent = await say(assistant, person, 'I am a human');
      expect(sent.status).toBe(200);
      await person.expectTold(
        only(marketing, await person.handover('app.send', 'take', marketing, assistant)),
        await echo(person, assistant, sent.body.message_id, 'I am a human'),
      );
      expect(await person.thread()).toMatchObject({ state: 'passed', owner_app_id: assistant.id });
      const message = await person.does(write('Good'));
      await person.expectTold(content(assistant, message));
    });

    it('the human-agent tag takes no control', async () => {
      const person = await someoneFromAd();
      const tagged = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' };
      expect((await say(assistant, person, 'I am a human', tagged)).body.error).toMatchObject(notOwner[channel]);
      await person.expectTold();
    });

    it('Handover calls that routing does not know are refused by name', async () => {
      const person = await someoneFromAd();
      for (const verb of [
        'take_thread_control',
        'request_thread_control',
        'extend_thread_control',
        'pass_thread_metadata',
      ]) {
        const body = { recipient: person.recipient, metadata: 'x', duration: 3600 };
        const answer = await assistant.on(shop).post(`/v12.0/me/${verb}`, body);
        expect(answer.status).toBe(400);
        expect(answer.body.error.message).toContain('Handover Protocol APIs disabled for this page.');
      }
      await person.expectTold();
    });
  });

  describe('the inbox', () => {
    const threadOf = (person: Person) => `/api/v1/threads/${person.page.id}/${person.psid}`;

    it('answers and so takes control: the old owner is told', async () => {
      const person = await someoneFromAd();
      const answer = await stage.ask('POST', `${threadOf(person)}/messages`, { text: 'Hello from a person' });
      expect(answer).toMatchObject({
        before: { state: 'marketing-owned', owner_app_id: marketing.id },
        after: { state: 'passed', owner_app_id: inbox.id },
      });
      await person.expectTold(
        only(marketing, await person.handover('app.send', 'take', marketing, inbox)),
        await echo(person, inbox, answer.message_id, 'Hello from a person'),
      );
      const message = await person.does(write('Good'));
      await person.expectTold(content(inbox, message));
    });

    it('moves the thread to Main and so takes control; Done releases it', async () => {
      const person = await someoneFromAd();
      await stage.ask('POST', `${threadOf(person)}/control`, { action: 'take', app_id: inbox.id });
      await person.expectTold(only(marketing, await person.handover('inbox.take', 'take', marketing, inbox)));
      expect(await person.thread()).toMatchObject({ state: 'passed', owner_app_id: inbox.id });

      const done = await inbox.on(shop).post('/v12.0/me/release_thread_control', { recipient: person.recipient });
      expect(done.status).toBe(200);
      await person.expectTold();
      expect(await person.thread()).toMatchObject({ state: 'released', effective_owner_app_id: support.id });
    });

    it('and an operator who passes a thread tells both apps', async () => {
      const person = await someoneFromAd();
      await stage.ask('POST', `${threadOf(person)}/control`, { action: 'pass', app_id: linked.id, reason: 'VIP' });
      await person.expectTold(
        only(marketing, await person.handover('operator.pass', 'take', marketing, linked)),
        only(linked, await person.handover('operator.pass', 'pass', marketing, linked)),
      );
    });

    it('is the default app of a channel like any other app', async () => {
      const person = someone(split);
      const page = await stage.ask('GET', `/api/v1/pages/${split.id}`);
      const defaultApp = channel === 'messenger' ? support : inbox;
      expect(channel === 'messenger' ? page.default_app_id : page.instagram.default_app_id).toBe(defaultApp.id);
      const tap = await person.does(tapAd);
      const message = await person.does(writeAfterTap('hello'));
      await marketing.on(split).post('/me/pass_thread_control', { recipient: person.recipient });
      await person.expectTold(
        only(marketing, person.routed(tap, null, marketing)),
        content(marketing, tap),
        content(marketing, message),
        only(defaultApp, await person.handover('control.pass', 'pass', marketing, defaultApp)),
      );
    });
  });

  describe('without a default app', () => {
    it('every app hears the person and may answer; entry points still route', async () => {
      const person = someone(open);
      const message = await person.does(write('hi'));
      await person.expectTold(forEveryone(message));
      expect(await person.thread()).toMatchObject({ state: 'released', effective_owner_app_id: null });
      for (const bot of [marketing, linked]) expect((await say(bot, person, 'hello')).status).toBe(200);
      expect(await person.thread()).toMatchObject({ state: 'released' });

      const fromAd = someone(open);
      const tap = await fromAd.does(tapAd);
      const after = await fromAd.does(writeAfterTap('Is it still on?'));
      await fromAd.expectTold(
        only(marketing, fromAd.routed(tap, null, marketing)),
        content(marketing, tap),
        content(marketing, after),
      );
      const pass = await marketing.on(open).post('/me/pass_thread_control', { recipient: fromAd.recipient });
      expect(pass.status).toBe(400);
      const take = await assistant.on(open).post('/me/take_thread_control', { recipient: fromAd.recipient });
      expect(take.body.error).toMatchObject({
        message: '(#27) Take thread control is not supported when Conversation Routing is not enabled.',
        code: 27,
      });
      await marketing.on(open).post('/me/release_thread_control', { recipient: fromAd.recipient });
      const later = await fromAd.does(write('And now?'));
      await fromAd.expectTold(forEveryone(later));
    });

    it('since it was disconnected: its threads are released, and every app hears the person', async () => {
      const page = await addPage({ messenger: { defaultApp: support }, instagram: { defaultApp: support } });
      const person = someone(page);
      const first = await person.does(write('hi'));
      await person.expectTold(content(support, first));
      await stage.ask('DELETE', `/api/v1/pages/${page.id}/apps/${support.id}`);
      page.bots.splice(page.bots.indexOf(support), 1);
      const status = await marketing.on(page).get('/v12.0/me?fields=messaging_feature_status');
      expect(status.body.messaging_feature_status).toEqual({
        hop_v2: true,
        msgr_multi_app: false,
        ig_multi_app: false,
      });
      const second = await person.does(write('hello?'));
      await person.expectTold(forEveryone(second));
      expect(await person.thread()).toMatchObject({ state: 'released', effective_owner_app_id: null });
      const types = (await person.events()).map(({ type }) => type);
      expect(types.filter((type) => type !== 'user.read')).toEqual([
        'user.message',
        'app.disconnected',
        'user.message',
      ]);
      expect(support.receiver.about(person.psid)).toHaveLength(2);
    });
  });

  it('each app hears what it has subscribed to, and copies only where they are on', async () => {
    const quiet = await stage.addBot(channel === 'messenger' ? '2400000000000044' : '2500000000000055');
    const page = await addPage({ messenger: { defaultApp: support }, instagram: { defaultApp: support } });
    const other = channel === 'messenger' ? 'instagram' : 'messenger';
    // Copies on the other channel only; neither handovers nor referrals.
    await stage.connect(page, quiet, {
      subscribed_fields: ['messages', 'message_reads', 'standby'],
      standby: { [channel]: false, [other]: true },
    });
    page.bots.splice(page.bots.indexOf(quiet), 1);
    const person = someone(page);
    await person.does(tapAd);
    await person.does(writeAfterTap('Is it still on?'));
    const control = { thread_control: { app_id: quiet.id, control_type: 'pass' } };
    expect((await say(marketing, person, 'Over to you', control)).status).toBe(200);
    await person.does(getStarted);
    const message = await person.does(write('Hello?'));
    const [post] = await quiet.receiver.waitFor('the message', (posts) => posts.length > 0 && posts);
    expect(post?.body).toBe(person.envelope(post?.json.entry[0].time, { field: 'messaging', item: message }));
  });
});

it('turns copies on for everybody, now and later, with the first default app; each can turn them off', async () => {
  const page = await addPage({});
  const early = new Person(stage, page, 'messenger', 'simulator');
  await early.does(tapAd);
  await early.does(writeAfterTap('Is it still on?'));

  await stage.setRouting(page, { instagram: { defaultApp: inbox } });
  const late = await stage.addBot('2600000000000066');
  await stage.connect(page, late);
  await stage.connect(page, linked, { standby: { messenger: false } });
  const person = new Person(stage, page, 'messenger', 'simulator');
  await person.does(tapAd);
  await person.does(writeAfterTap('Is it still on?'));
  for (const bot of [support, assistant, inbox, late]) {
    const posts = await bot.receiver.waitFor('the copies', () => {
      const about = bot.receiver.about(person.psid);
      return about.length >= 2 && about;
    });
    expect(posts.map(({ json }) => Object.keys(json.entry[0]))).toEqual([
      ['time', 'id', 'standby'],
      ['time', 'id', 'standby'],
    ]);
    expect(bot.receiver.about(early.psid)).toEqual([]);
  }
  // On the other channel the app still gets copies: the next thing it is told there comes first.
  const onInstagram = new Person(stage, page, 'instagram', 'simulator');
  await onInstagram.does(tapAd);
  await linked.receiver.waitFor('the copy', () => linked.receiver.about(onInstagram.psid).length > 0);
  await stage.ask('POST', `/api/v1/threads/${page.id}/${person.psid}/control`, { action: 'pass', app_id: linked.id });
  const [first] = await linked.receiver.waitFor('the pass', () => {
    const about = linked.receiver.about(person.psid);
    return about.length > 0 && about;
  });
  expect(first?.json.entry[0].messaging[0]).toHaveProperty('pass_thread_control');
});

it('says for each channel whether it is routed', async () => {
  const status = async (page: StagePage, node = 'me') =>
    (await marketing.on(page).get(`/v12.0/${node}?fields=messaging_feature_status`)).body;
  expect(await status(shop)).toEqual({
    messaging_feature_status: { hop_v2: false, msgr_multi_app: true, ig_multi_app: true },
    id: shop.id,
  });
  expect(await status(open)).toEqual({
    messaging_feature_status: { hop_v2: true, msgr_multi_app: false, ig_multi_app: false },
    id: open.id,
  });
  expect(await status(shop, shop.instagramId)).toMatchObject({ id: shop.instagramId });
  await stage.setRouting(open, { messenger: { defaultApp: support } });
  expect((await status(open)).messaging_feature_status).toEqual({
    hop_v2: false,
    msgr_multi_app: true,
    ig_multi_app: false,
  });
  await stage.setRouting(open, {});
});

it('plays the whole life of a thread: ad, pass, answer, release, silence, and again', async () => {
  const person = new Person(stage, shop, 'messenger', 'simulator');
  people.push(person);
  const states: unknown[] = [];
  const look = async (what: string) => {
    const { state, owner_app_id, effective_owner_app_id, version } = await person.thread();
    states.push([what, state, owner_app_id, effective_owner_app_id, version]);
    await expectOneStory(person, log);
  };

  const tap = await person.does(tapAd);
  const question = await person.does(writeAfterTap('Is it still on?'));
  const prices = await say(marketing, person, 'It is. Let me transfer you', {
    thread_control: { payload: 'pass_thread_control' },
  });
  await person.expectTold(
    only(marketing, person.routed(tap, null, marketing)),
    content(marketing, tap),
    content(marketing, question),
    await echo(person, marketing, prices.body.message_id, 'It is. Let me transfer you'),
    only(support, await person.handover('control.pass', 'pass', marketing, support)),
  );
  await look('passed');

  const thanks = await person.does(write('Thanks!'));
  const welcome = await say(support, person, 'You are welcome', {
    thread_control: { payload: 'release_thread_control' },
  });
  await person.expectTold(
    content(support, thanks),
    await echo(person, support, welcome.body.message_id, 'You are welcome'),
  );
  await look('released by the default app');

  const back = await person.does(tapAd);
  await person.expectTold(only(marketing, person.routed(back, null, marketing)), content(marketing, back));
  await look('came back through the ad');
  await stage.advance('23h');
  await stage.ask('POST', '/api/v1/simulator/clock', { to_next_deadline: true });
  while ((await person.thread()).state !== 'released') {
    await stage.ask('POST', '/api/v1/simulator/clock', { to_next_deadline: true });
  }
  await person.expectTold();
  await look('silent for 24 hours');

  // It still names the ad that was tapped, but that conversation is over: the default app has the thread.
  const again = await person.does(writeAfterTap('Hello again'));
  await person.expectTold(content(support, again));
  await look('wrote again');

  expect(states).toEqual([
    ['passed', 'passed', support.id, support.id, 2],
    ['released by the default app', 'released', null, support.id, 3],
    ['came back through the ad', 'marketing-owned', marketing.id, marketing.id, 4],
    ['silent for 24 hours', 'released', null, support.id, 5],
    ['wrote again', 'default-owned', support.id, support.id, 6],
  ]);
  const events = (await person.events()).filter(({ type }) => type !== 'user.read');
  expect(events.map(({ type, state, cause }) => [type, state, cause.by])).toEqual([
    ['user.referral', 'marketing-owned', 'person'],
    ['user.message', 'marketing-owned', 'person'],
    ['app.send', 'marketing-owned', 'app'],
    ['control.pass', 'passed', 'app'],
    ['user.message', 'passed', 'person'],
    ['app.send', 'passed', 'app'],
    ['control.release', 'released', 'app'],
    ['user.referral', 'marketing-owned', 'person'],
    ['control.expired', 'released', 'timer'],
    ['user.message', 'default-owned', 'person'],
  ]);
  const [entered, expired] = [events[7], events[8]];
  expect(Date.parse(expired.at) - Date.parse(entered.at)).toBe(24 * 3_600_000);
});
