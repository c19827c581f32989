import {
  bystander,
  connection,
  desk,
  link,
  marketing,
  newYear,
  page,
  pass,
  person,
  send,
  shop,
  stranger,
  tappedAd,
  userEvent,
} from '../../test/support/thread-fixtures.js';
import type { AppId } from './ids.js';
import { fieldOf, noticesOf } from './notice.js';
import { webhookFields, type Channel, type Connection, type Page, type WebhookField } from './page.js';
import type { Effect } from './thread/thread.effects.js';
import type { ThreadEvent, UserEvent } from './thread/thread.events.js';
import { newThread } from './thread/thread.js';

const thread = (channel: Channel = 'messenger') => newThread(shop, person, channel);
const only = (...connections: Connection[]): Page => ({
  ...page(),
  connections: new Map(connections.map((each) => [each.appId, each])),
});
const fields = (...names: WebhookField[]) => ({ subscribedFields: new Set(names) });
const allBut = (name: WebhookField) => fields(...webhookFields.filter((each) => each !== name));
const ownedBy = (ownerAppId: AppId | null): Effect[] => [{ type: 'tellOwner', ownerAppId }];

describe('fieldOf', () => {
  it.each([
    ['user.message', 'messages'],
    ['user.postback', 'messaging_postbacks'],
    ['user.get_started', 'messaging_postbacks'],
    ['user.referral', 'messaging_referrals'],
    ['user.reaction', 'message_reactions'],
    ['user.read', 'message_reads'],
    ['user.delivery', 'message_deliveries'],
    ['user.edit', 'message_edits'],
    ['user.unsend', 'messages'],
    ['user.optin', 'messaging_optins'],
    ['user.other', 'messages'],
    ['app.send', 'message_echoes'],
  ] as const)('%s is %s', (type, field) => {
    expect(fieldOf(type, 'messenger')).toBe(field);
  });

  it('has no field of its own for echoes on Instagram', () => {
    expect(fieldOf('app.send', 'instagram')).toBe('messages');
  });
});

describe('content', () => {
  const event = userEvent('user.message');

  it('is live to the owner and on standby to the others', () => {
    const both = only(connection(marketing), connection(desk));
    expect(noticesOf(ownedBy(marketing), event, thread(), both)).toEqual([
      { kind: 'event', appId: marketing, field: 'messaging', without: null },
      { kind: 'event', appId: desk, field: 'standby', without: null },
    ]);
  });

  it('is live to everyone where nobody owns the thread', () => {
    const both = only(connection(marketing), connection(desk, fields('messages')));
    expect(noticesOf([{ type: 'tellEveryone' }], event, thread(), both)).toEqual([
      { kind: 'event', appId: marketing, field: 'messaging', without: null },
      { kind: 'event', appId: desk, field: 'messaging', without: null },
    ]);
  });

  it.each([
    ['user.message', 'messages'],
    ['user.postback', 'messaging_postbacks'],
    ['user.referral', 'messaging_referrals'],
    ['user.reaction', 'message_reactions'],
    ['user.read', 'message_reads'],
    ['user.delivery', 'message_deliveries'],
    ['user.edit', 'message_edits'],
    ['user.optin', 'messaging_optins'],
  ] as const)('of %s goes only to apps subscribed to %s, live or on standby', (type, field) => {
    const some = only(connection(marketing, allBut(field)), connection(desk, allBut(field)), connection(bystander));
    for (const owner of [marketing, desk]) {
      expect(noticesOf(ownedBy(owner), userEvent(type), thread(), some)).toEqual(
        [{ kind: 'event', appId: bystander, field: 'standby', without: null }].map((each) => ({
          ...each,
          without: type === 'user.postback' ? 'payload' : null,
        })),
      );
    }
    expect(
      noticesOf(ownedBy(marketing), userEvent(type), thread(), only(connection(marketing, fields(field, 'standby')))),
    ).toHaveLength(1);
  });

  it('goes on standby only to apps with the field and the switch of the channel', () => {
    const standby = (messenger: boolean, instagram: boolean) => ({ standby: { messenger, instagram } });
    const told = (more: Partial<Connection>, channel: Channel) =>
      noticesOf(ownedBy(marketing), event, thread(channel), only(connection(desk, more))).length;
    expect(told(standby(true, true), 'messenger')).toBe(1);
    expect(told(standby(true, false), 'messenger')).toBe(1);
    expect(told(standby(true, false), 'instagram')).toBe(0);
    expect(told(standby(false, true), 'messenger')).toBe(0);
    expect(told(standby(false, true), 'instagram')).toBe(1);
    expect(told({ ...standby(true, true), ...allBut('standby') }, 'messenger')).toBe(0);
  });

  it('is live without standby', () => {
    const app = connection(desk, { ...fields('messages'), standby: { messenger: false, instagram: false } });
    expect(noticesOf(ownedBy(desk), event, thread(), only(app))).toHaveLength(1);
  });

  it('of a send is an echo', () => {
    const both = only(connection(marketing), connection(desk), connection(bystander, allBut('message_echoes')));
    expect(noticesOf(ownedBy(marketing), send(marketing), thread(), both)).toEqual([
      { kind: 'event', appId: marketing, field: 'messaging', without: null },
      { kind: 'event', appId: desk, field: 'standby', without: null },
    ]);
    expect(
      noticesOf(
        ownedBy(marketing),
        send(marketing),
        thread('instagram'),
        only(connection(desk, fields('messages', 'standby'))),
      ),
    ).toHaveLength(1);
  });
});

describe('a button', () => {
  const apps = only(connection(marketing), connection(desk), connection(bystander));
  const told = (event: ThreadEvent, owner: AppId | null = marketing) =>
    noticesOf(owner === null ? [{ type: 'tellEveryone' }] : ownedBy(owner), event, thread(), apps).map((notice) =>
      notice.kind === 'event' ? [notice.appId, notice.field, notice.without] : [],
    );

  it.each(['user.postback', 'user.get_started'] as const)(
    '%s of the page: the owner alone reads the payload',
    (type) => {
      expect(told(userEvent(type))).toEqual([
        [marketing, 'messaging', null],
        [desk, 'standby', 'payload'],
        [bystander, 'standby', 'payload'],
      ]);
    },
  );

  it('of the page: everyone reads it where nobody owns the thread', () => {
    expect(told(userEvent('user.postback'), null).map(([, , without]) => without)).toEqual([null, null, null]);
  });

  it('of another app: live and readable for that app, live without payload for the owner', () => {
    expect(told(userEvent('user.postback', { buttonAppId: desk }))).toEqual([
      [marketing, 'messaging', 'payload'],
      [desk, 'messaging', null],
      [bystander, 'standby', 'payload'],
    ]);
    expect(told(userEvent('user.postback', { buttonAppId: desk }), null).map(([, , without]) => without)).toEqual([
      'payload',
      null,
      'payload',
    ]);
  });

  it('of an app that is gone: nobody reads the payload', () => {
    expect(told(userEvent('user.postback', { buttonAppId: stranger })).map(([, , without]) => without)).toEqual([
      'payload',
      'payload',
      'payload',
    ]);
  });

  it('of an app without standby: still its own', () => {
    const app = connection(desk, { ...fields('messaging_postbacks'), standby: { messenger: false, instagram: false } });
    expect(
      noticesOf(ownedBy(marketing), userEvent('user.postback', { buttonAppId: desk }), thread(), only(app)),
    ).toEqual([{ kind: 'event', appId: desk, field: 'messaging', without: null }]);
  });

  it('of an ad’s template: copies leave the ad out, of a link they keep it', () => {
    expect(told(userEvent('user.postback', { referral: tappedAd })).map(([, , without]) => without)).toEqual([
      null,
      'payload_and_referral',
      'payload_and_referral',
    ]);
    expect(told(userEvent('user.get_started', { referral: link('flyer') })).map(([, , without]) => without)).toEqual([
      null,
      'payload',
      'payload',
    ]);
  });

  it('is not what a quick reply is: that stays with the owner, payload and all', () => {
    expect(told(userEvent('user.message', { buttonAppId: desk }))).toEqual([
      [marketing, 'messaging', null],
      [desk, 'standby', null],
      [bystander, 'standby', null],
    ]);
  });
});

describe('a referral', () => {
  it('within a message needs messaging_referrals, live and on standby', () => {
    const event: UserEvent = userEvent('user.message', { referral: tappedAd });
    const some = only(
      connection(marketing, allBut('messaging_referrals')),
      connection(desk, allBut('messaging_referrals')),
      connection(bystander),
    );
    expect(
      noticesOf(ownedBy(marketing), event, thread(), some).map((each) => 'without' in each && each.without),
    ).toEqual(['referral', 'referral', null]);
  });
});

describe('handovers', () => {
  const apps = only(connection(marketing), connection(desk), connection(bystander, allBut('messaging_handovers')));

  it('tell who gets the thread, with the metadata of the pass', () => {
    expect(
      noticesOf(
        [{ type: 'tellPass', to: desk, previousOwnerAppId: marketing }],
        pass(marketing, desk, 'needs a human'),
        thread(),
        apps,
      ),
    ).toEqual([
      { kind: 'pass', appId: desk, previousOwnerAppId: marketing, newOwnerAppId: desk, metadata: 'needs a human' },
    ]);
  });

  it('tell who loses it', () => {
    expect(noticesOf([{ type: 'tellTake', from: marketing, newOwnerAppId: desk }], send(desk), thread(), apps)).toEqual(
      [{ kind: 'take', appId: marketing, previousOwnerAppId: marketing, newOwnerAppId: desk, metadata: null }],
    );
  });

  it('need messaging_handovers, and a connected app', () => {
    for (const to of [bystander, stranger]) {
      expect(
        noticesOf([{ type: 'tellPass', to, previousOwnerAppId: null }], pass(marketing, to), thread(), apps),
      ).toEqual([]);
      expect(noticesOf([{ type: 'tellTake', from: to, newOwnerAppId: desk }], send(desk), thread(), apps)).toEqual([]);
    }
  });

  it('come in the order in which the machine asks for them', () => {
    const effects: Effect[] = [
      { type: 'tellTake', from: marketing, newOwnerAppId: desk },
      { type: 'tellPass', to: desk, previousOwnerAppId: marketing },
    ];
    const kinds = noticesOf(effects, { type: 'operator.pass', targetAppId: desk }, thread(), apps);
    expect(kinds.map(({ kind, appId }) => [kind, appId])).toEqual([
      ['take', marketing],
      ['pass', desk],
    ]);
  });
});

it('tells nobody of what the machine does not ask for', () => {
  expect(noticesOf([], userEvent('user.message', { payload: String(newYear) }), thread(), page())).toEqual([]);
});
