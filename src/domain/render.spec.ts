import {
  connection,
  desk,
  inbox,
  marketing,
  page,
  person,
  shop,
  shopInstagram,
  takeover,
} from '../../test/support/thread-fixtures.js';
import { appId, mid, psid, type AppId } from './ids.js';
import type { Notice } from './notice.js';
import { businessIdOf, type Connection, type Page, type WebhookField } from './page.js';
import { envelope, renderBody, renderEntry } from './render.js';
import { decide } from './thread/decide.js';
import type { ThreadEvent, UserEvent } from './thread/thread.events.js';
import { newThread, type Thread } from './thread/thread.js';
import { toWireJson } from './wire-json.js';

/**
 * The guide's webhook table, row by row: what exactly each app receives. The strings are what goes over the wire; each
 * is compared as it is, since receivers check a signature over these very bytes.
 */
const fields: readonly WebhookField[] = [
  'messages',
  'messaging_postbacks',
  'messaging_referrals',
  'messaging_handovers',
  'standby',
];
const bot = (id: AppId, more: Partial<Connection> = {}) =>
  connection(id, { subscribedFields: new Set(fields), ...more });

function pageOf(...apps: Connection[]): Page {
  return {
    ...page({ instagram: { defaultAppId: desk } }),
    connections: new Map(apps.map((each) => [each.appId, each])),
    adRoutes: new Map([
      ['120200000000000303', { adId: '120200000000000303', receivingAppId: marketing, ref: 'spring', title: null }],
    ]),
  };
}
const twoBots = pageOf(bot(marketing), bot(desk));

/** A thread whose events are decided and rendered, one after the other. */
class Played {
  thread: Thread;
  /** Bodies in the order in which they were sent, since the last look at them. */
  #sent: { appId: AppId; body: string }[] = [];

  constructor(
    readonly page: Page,
    channel: 'messenger' | 'instagram' = 'messenger',
    id = person,
  ) {
    this.thread = newThread(shop, id, channel);
  }

  play(event: ThreadEvent, occurredAt: number, at: number): this {
    const decision = decide(this.thread, event, this.page, at);
    expect(decision.refusal).toBeNull();
    this.thread = decision.thread;
    const row = {
      psid: this.thread.psid,
      businessId: businessIdOf(this.page, this.thread.channel),
      at,
      occurredAt,
      payload: 'payload' in event ? event.payload : null,
      thread: this.thread,
    };
    for (const notice of decision.notices) this.#sent.push({ appId: notice.appId, body: renderBody(row, notice) });
    return this;
  }

  /** What was sent to each app since the last call. */
  sent(): Record<string, string[]> {
    const sent = Object.groupBy(this.#sent, ({ appId }) => appId);
    this.#sent = [];
    return Object.fromEntries(Object.entries(sent).map(([app, all]) => [app, (all ?? []).map(({ body }) => body)]));
  }
}

const context = {
  ad_title: 'Spring sale',
  photo_url: 'https://cdn.example/ad.jpg',
  post_id: '104700000000001_55',
};
const adReferral = { ref: 'spring', source: 'ADS', type: 'OPEN_THREAD', ad_id: '120200000000000303' };
const fullReferral = { ...adReferral, ads_context_data: context };

function byPerson(
  type: UserEvent['type'],
  timestamp: number,
  content: object,
  more: Partial<UserEvent> = {},
): UserEvent {
  return {
    type,
    channel: 'messenger',
    payload: toWireJson({ sender: { id: person }, recipient: { id: shop }, timestamp, ...content }),
    mid: null,
    referral: null,
    buttonAppId: null,
    ...more,
  };
}
const inline = { referral: { adId: '120200000000000303', ref: 'spring' } };
const tap = byPerson('user.referral', 1_767_225_600_500, { referral: fullReferral }, inline);
const messageAfterTap = byPerson(
  'user.message',
  1_767_225_605_000,
  { message: { mid: 'm_C1', text: 'Is it still on?', referral: fullReferral } },
  inline,
);
const templateButton = byPerson(
  'user.postback',
  1_767_225_605_000,
  { postback: { mid: 'm_C2', title: 'Tell me more', payload: 'AD_TELL_MORE', referral: adReferral } },
  inline,
);
const quickReply = byPerson(
  'user.message',
  1_767_225_605_000,
  { message: { mid: 'm_C3', text: 'Show prices', quick_reply: { payload: 'AD_PRICES' }, referral: adReferral } },
  inline,
);

const handoverTo = (time: number, timestamp: number) =>
  `{"object":"page","entry":[{"time":${time},"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":${timestamp},"pass_thread_control":{"previous_owner_app_id":null,"new_owner_app_id":2100000000000011,"metadata":null}}]}]}`;
const tapAs = (field: string) =>
  String.raw`{"object":"page","entry":[{"time":1767225600610,"id":"104700000000001","${field}":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225600500,"referral":{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000303","ads_context_data":{"ad_title":"Spring sale","photo_url":"https:\/\/cdn.example\/ad.jpg","post_id":"104700000000001_55"}}}]}]}`;
const messageAs = (field: string) =>
  String.raw`{"object":"page","entry":[{"time":1767225605100,"id":"104700000000001","${field}":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225605000,"message":{"mid":"m_C1","text":"Is it still on?","referral":{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000303","ads_context_data":{"ad_title":"Spring sale","photo_url":"https:\/\/cdn.example\/ad.jpg","post_id":"104700000000001_55"}}}}]}]}`;

describe('the guide’s table', () => {
  it('a person taps an ad', () => {
    expect(new Played(twoBots).play(tap, 1_767_225_600_500, 1_767_225_600_610).sent()).toEqual({
      [marketing]: [handoverTo(1_767_225_600_610, 1_767_225_600_500), tapAs('messaging')],
      [desk]: [tapAs('standby')],
    });
  });

  it('… and sends a message', () => {
    const played = new Played(twoBots).play(tap, 1_767_225_600_500, 1_767_225_600_610);
    played.sent();
    expect(played.play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100).sent()).toEqual({
      [marketing]: [messageAs('messaging')],
      [desk]: [messageAs('standby')],
    });
  });

  it('… in one combined entry', () => {
    expect(new Played(twoBots).play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100).sent()).toEqual({
      [marketing]: [handoverTo(1_767_225_605_100, 1_767_225_605_000), messageAs('messaging')],
      [desk]: [messageAs('standby')],
    });
  });

  it('a person taps an ad and the button of its template', () => {
    expect(new Played(twoBots).play(templateButton, 1_767_225_605_000, 1_767_225_605_100).sent()).toEqual({
      [marketing]: [
        handoverTo(1_767_225_605_100, 1_767_225_605_000),
        '{"object":"page","entry":[{"time":1767225605100,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225605000,"postback":{"mid":"m_C2","title":"Tell me more","payload":"AD_TELL_MORE","referral":{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000303"}}}]}]}',
      ],
      [desk]: [
        '{"object":"page","entry":[{"time":1767225605100,"id":"104700000000001","standby":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225605000,"postback":{"mid":"m_C2","title":"Tell me more"}}]}]}',
      ],
    });
  });

  it('a person taps an ad and a quick reply', () => {
    const as = (field: string) =>
      `{"object":"page","entry":[{"time":1767225605100,"id":"104700000000001","${field}":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225605000,"message":{"mid":"m_C3","text":"Show prices","quick_reply":{"payload":"AD_PRICES"},"referral":{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000303"}}}]}]}`;
    expect(new Played(twoBots).play(quickReply, 1_767_225_605_000, 1_767_225_605_100).sent()).toEqual({
      [marketing]: [handoverTo(1_767_225_605_100, 1_767_225_605_000), as('messaging')],
      [desk]: [as('standby')],
    });
  });

  it('the conversation becomes idle; the next message goes to the default app', () => {
    const played = new Played(twoBots).play(tap, 1_767_225_600_500, 1_767_225_600_610);
    played.sent();
    const deadline = 1_767_225_600_610 + 86_400_000;
    expect(played.play({ type: 'control.expired' }, deadline, deadline).sent()).toEqual({});
    const later = byPerson('user.message', deadline, { message: { mid: 'm_C4', text: 'hello' } });
    const as = (field: string) =>
      `{"object":"page","entry":[{"time":${deadline + 100},"id":"104700000000001","${field}":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":${deadline},"message":{"mid":"m_C4","text":"hello"}}]}]}`;
    expect(played.play(later, deadline, deadline + 100).sent()).toEqual({
      [desk]: [as('messaging')],
      [marketing]: [as('standby')],
    });
  });

  it('the marketing app passes control', () => {
    const played = new Played(twoBots).play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100);
    played.sent();
    const metadata = 'Passing thread control to the default application';
    const pass: ThreadEvent = { type: 'control.pass', callerAppId: marketing, targetAppId: null, metadata };
    expect(played.play(pass, 1_767_225_660_000, 1_767_225_660_100).sent()).toEqual({
      [desk]: [
        '{"object":"page","entry":[{"time":1767225660100,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225660000,"pass_thread_control":{"previous_owner_app_id":2100000000000011,"new_owner_app_id":2200000000000022,"metadata":"Passing thread control to the default application"}}]}]}',
      ],
    });
  });

  it('… with a last message, which apps with echoes get before the handover', () => {
    const echoes = new Set<WebhookField>([...fields, 'message_echoes']);
    const played = new Played(pageOf(bot(marketing), bot(desk, { subscribedFields: echoes })));
    played.play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100).sent();
    played.play(
      {
        type: 'app.send',
        callerAppId: marketing,
        tag: null,
        mid: mid('m_D1'),
        payload:
          '{"sender":{"id":"104700000000001"},"recipient":{"id":"7000000000000101"},"timestamp":1767225660000,"message":{"is_echo":true,"app_id":2100000000000011,"mid":"m_D1","text":"Let me transfer you"}}',
      },
      1_767_225_660_000,
      1_767_225_660_100,
    );
    played.play(
      { type: 'control.pass', callerAppId: marketing, targetAppId: null, metadata: null },
      1_767_225_660_000,
      1_767_225_660_100,
    );
    expect(played.sent()).toEqual({
      [desk]: [
        '{"object":"page","entry":[{"time":1767225660100,"id":"104700000000001","standby":[{"sender":{"id":"104700000000001"},"recipient":{"id":"7000000000000101"},"timestamp":1767225660000,"message":{"is_echo":true,"app_id":2100000000000011,"mid":"m_D1","text":"Let me transfer you"}}]}]}',
        '{"object":"page","entry":[{"time":1767225660100,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225660000,"pass_thread_control":{"previous_owner_app_id":2100000000000011,"new_owner_app_id":2200000000000022,"metadata":null}}]}]}',
      ],
    });
  });

  it('the conversation is complete: nobody is told', () => {
    const played = new Played(twoBots).play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100);
    played.sent();
    const release: ThreadEvent = { type: 'control.release', callerAppId: marketing };
    expect(played.play(release, 1_767_225_660_000, 1_767_225_660_100).sent()).toEqual({});
  });
});

describe('situations outside the table', () => {
  const wrote = byPerson('user.message', 1_767_225_605_000, { message: { mid: 'm_1', text: 'hi' } });

  it('social routing gives the thread to another app', () => {
    const played = new Played({
      ...twoBots,
      routing: { ...twoBots.routing, messenger: { defaultAppId: desk, socialAppId: marketing } },
    });
    expect(played.play(wrote, 1_767_225_605_000, 1_767_225_605_100).sent()[marketing]).toEqual([
      handoverTo(1_767_225_605_100, 1_767_225_605_000),
      '{"object":"page","entry":[{"time":1767225605100,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225605000,"message":{"mid":"m_1","text":"hi"}}]}]}',
    ]);
  });

  it('an app takes control by sending: the old owner is told, then everyone has the echo', () => {
    const echoes = new Set<WebhookField>([...fields, 'message_echoes']);
    const played = new Played(
      pageOf(bot(marketing), bot(desk, { subscribedFields: echoes }), bot(takeover, { canTakeControl: true })),
    );
    played.play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100).sent();
    played.play(
      {
        type: 'app.send',
        callerAppId: takeover,
        tag: null,
        mid: mid('m_D2'),
        payload: '{"sender":{"id":"104700000000001"}}',
      },
      1_767_225_660_000,
      1_767_225_660_100,
    );
    expect(played.sent()).toEqual({
      [marketing]: [
        '{"object":"page","entry":[{"time":1767225660100,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225660000,"take_thread_control":{"previous_owner_app_id":2100000000000011,"new_owner_app_id":2300000000000033,"metadata":null}}]}]}',
      ],
      [desk]: [
        '{"object":"page","entry":[{"time":1767225660100,"id":"104700000000001","standby":[{"sender":{"id":"104700000000001"}}]}]}',
      ],
    });
  });

  it('an inbox moves the thread to Main', () => {
    const played = new Played(pageOf(bot(marketing), bot(desk), bot(inbox, { kind: 'inbox' })));
    played.play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100).sent();
    const take: ThreadEvent = { type: 'inbox.take', callerAppId: inbox };
    expect(played.play(take, 1_767_225_660_000, 1_767_225_660_100).sent()).toEqual({
      [marketing]: [
        '{"object":"page","entry":[{"time":1767225660100,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225660000,"take_thread_control":{"previous_owner_app_id":2100000000000011,"new_owner_app_id":263902037430900,"metadata":null}}]}]}',
      ],
    });
  });

  it('a tap on an app’s own button, while another app has control', () => {
    const played = new Played(twoBots).play(wrote, 1_767_225_605_000, 1_767_225_605_100);
    played.sent();
    const button = byPerson(
      'user.postback',
      1_767_225_606_000,
      { postback: { mid: 'm_P1', title: 'Details', payload: 'DETAILS', referral: { ref: 'flyer' } } },
      { buttonAppId: marketing, referral: { adId: null, ref: 'flyer-without-route' } },
    );
    const as = (field: string, postback: string) =>
      `{"object":"page","entry":[{"time":1767225606100,"id":"104700000000001","${field}":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225606000,"postback":${postback}}]}]}`;
    expect(played.play(button, 1_767_225_606_000, 1_767_225_606_100).sent()).toEqual({
      [marketing]: [as('messaging', '{"mid":"m_P1","title":"Details","payload":"DETAILS","referral":{"ref":"flyer"}}')],
      [desk]: [as('messaging', '{"mid":"m_P1","title":"Details","referral":{"ref":"flyer"}}')],
    });
  });

  it('an app without messaging_referrals sees the message, not the ad', () => {
    const messagesOnly = new Set<WebhookField>(['messages', 'standby']);
    const played = new Played(pageOf(bot(marketing), bot(desk, { subscribedFields: messagesOnly })));
    expect(played.play(messageAfterTap, 1_767_225_605_000, 1_767_225_605_100).sent()[desk]).toEqual([
      '{"object":"page","entry":[{"time":1767225605100,"id":"104700000000001","standby":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225605000,"message":{"mid":"m_C1","text":"Is it still on?"}}]}]}',
    ]);
  });

  it('Instagram names the account and the object', () => {
    const played = new Played(twoBots, 'instagram', psid('800000000000202'));
    const direct = {
      sender: { id: '800000000000202' },
      recipient: { id: shopInstagram },
      timestamp: 1_767_225_600_400,
    };
    const message = {
      mid: 'aWdfZAG1fSAMPLE',
      text: 'auf Lager? ❤️',
      reply_to: { story: { url: 'https://x.test/s', id: '1' } },
    };
    played.play(
      {
        type: 'user.message',
        channel: 'instagram',
        payload: toWireJson({ ...direct, message }),
        mid: mid('aWdfZAG1fSAMPLE'),
        referral: { adId: '120200000000000303', ref: 'spring' },
        buttonAppId: null,
      },
      1_767_225_600_400,
      1_767_225_601_000,
    );
    const as = (field: string) =>
      String.raw`{"object":"instagram","entry":[{"time":1767225601000,"id":"17841400000000001","${field}":[{"sender":{"id":"800000000000202"},"recipient":{"id":"17841400000000001"},"timestamp":1767225600400,"message":{"mid":"aWdfZAG1fSAMPLE","text":"auf Lager? \u2764\ufe0f","reply_to":{"story":{"url":"https:\/\/x.test\/s","id":"1"}}}}]}]}`;
    expect(played.sent()).toEqual({
      [marketing]: [
        '{"object":"instagram","entry":[{"time":1767225601000,"id":"17841400000000001","messaging":[{"sender":{"id":"800000000000202"},"recipient":{"id":"17841400000000001"},"timestamp":1767225600400,"pass_thread_control":{"previous_owner_app_id":null,"new_owner_app_id":2100000000000011,"metadata":null}}]}]}',
        as('messaging'),
      ],
      [desk]: [as('standby')],
    });
  });
});

describe('rendering', () => {
  const row = {
    psid: person,
    businessId: shop,
    at: 2,
    occurredAt: 1,
    payload: '{"message":{"mid":"m_1"}}',
    thread: newThread(shop, person, 'messenger'),
  };
  const event: Notice = { kind: 'event', appId: desk, field: 'messaging', without: null };

  it('escapes the metadata of a pass and keeps ids that no JavaScript number holds', () => {
    const body = renderBody(row, {
      kind: 'pass',
      appId: desk,
      previousOwnerAppId: appId('18446744073709551615'),
      newOwnerAppId: appId('99999999999999999999'),
      metadata: 'a/b "ü" \u0000 \ud800',
    });
    expect(body).toBe(
      String.raw`{"object":"page","entry":[{"time":2,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1,"pass_thread_control":{"previous_owner_app_id":18446744073709551615,"new_owner_app_id":99999999999999999999,"metadata":"a\/b \"\u00fc\" \u0000 \ud800"}}]}]}`,
    );
  });

  it('keeps every digit of what it leaves a part out of', () => {
    const payload = '{"postback":{"payload":"P","n":99999999999999999999,"x":1e400},"message":null}';
    expect(renderBody({ ...row, payload }, { ...event, without: 'payload' })).toBe(
      '{"object":"page","entry":[{"time":2,"id":"104700000000001","messaging":[{"postback":{"n":99999999999999999999,"x":1e400},"message":null}]}]}',
    );
  });

  it.each(['payload', 'referral', 'payload_and_referral'] as const)(
    'leaves %s out of events that have none',
    (without) => {
      for (const payload of [
        '{}',
        '{"postback":null,"message":"text"}',
        '[]',
        'null',
        '{"postback":{},"message":{}}',
      ]) {
        expect(renderBody({ ...row, payload }, { ...event, without })).toContain(`"messaging":[${payload}]`);
      }
    },
  );

  it('puts several entries into one body', () => {
    const entry = renderEntry(row, event);
    expect(envelope(row, [entry, entry].join(','))).toBe(`{"object":"page","entry":[${entry},${entry}]}`);
  });

  it('does not render an event that carries nothing', () => {
    expect(() => renderBody({ ...row, payload: null }, event)).toThrow('without payload');
  });
});
