import {
  ad,
  adEntry,
  adOfDesk,
  adOfStranger,
  adTap,
  bystander,
  connection,
  day,
  desk,
  hour,
  inbox,
  link,
  linkClick,
  marketing,
  message,
  newYear,
  page,
  pass,
  person,
  send,
  shop,
  social,
  stranger,
  takeover,
  tappedAd,
  threadIn,
  userEvent,
} from '../../../test/support/thread-fixtures.js';
import { appId, type AppId } from '../ids.js';
import type { Page } from '../page.js';
import { asOf, decide, effectiveOwnerOf, overdue, replay } from './decide.js';
import type { MessageTag, ThreadEvent, UserEventType } from './thread.events.js';
import { newThread, type Thread } from './thread.js';

const shopPage = page();
const withoutDefault = page({ messenger: { defaultAppId: null } });
const fresh = newThread(shop, person, 'messenger');
const at = newYear + hour;

/** What the router does: everything overdue first, then the event. */
function after(thread: Thread, event: ThreadEvent, when = at, on: Page = shopPage): Thread {
  const decision = decide(asOf(thread, on, when), event, on, when);
  if (decision.refusal !== null) throw new Error(`refused: ${decision.refusal.reason}`);
  return decision.thread;
}
const refusalOf = (thread: Thread, event: ThreadEvent, when = at, on: Page = shopPage) =>
  decide(asOf(thread, on, when), event, on, when).refusal?.reason ?? null;
const owners = {
  released: threadIn('released', null),
  'default-owned': threadIn('default-owned', desk),
  'marketing-owned': threadIn('marketing-owned', marketing),
  passed: threadIn('passed', bystander),
};

it('plays the life of a thread', () => {
  const tapped = decide(fresh, adTap(), shopPage, newYear);
  expect(tapped.thread).toEqual({
    ...fresh,
    state: 'marketing-owned',
    ownerAppId: marketing,
    ownerSince: newYear,
    entryPoint: adEntry,
    pendingReferral: adEntry,
    deadlineAt: newYear + day,
    version: 1,
    lastAt: newYear,
  });

  const passed = decide(tapped.thread, pass(marketing, null, 'human please'), shopPage, newYear + 1);
  expect(passed.thread).toEqual({
    ...tapped.thread,
    state: 'passed',
    ownerAppId: desk,
    previousOwnerAppId: marketing,
    ownerSince: newYear + 1,
    entryPoint: null,
    deadlineAt: newYear + 1 + day,
    version: 2,
    lastAt: newYear + 1,
  });
  expect(passed.notices).toEqual([
    { kind: 'pass', appId: desk, previousOwnerAppId: marketing, newOwnerAppId: desk, metadata: 'human please' },
  ]);

  // The first message repeats the ad, which does not take the thread back.
  const wrote = decide(passed.thread, message(tappedAd), shopPage, newYear + 2);
  expect(wrote.thread).toEqual({
    ...passed.thread,
    lastUserEventAt: newYear + 2,
    pendingReferral: null,
    deadlineAt: newYear + 2 + day,
    lastAt: newYear + 2,
  });

  const released = decide(wrote.thread, { type: 'control.release', callerAppId: desk }, shopPage, newYear + 3);
  expect(released.notices).toEqual([]);
  expect(released.thread).toEqual({
    ...wrote.thread,
    state: 'released',
    ownerAppId: null,
    previousOwnerAppId: desk,
    ownerSince: null,
    deadlineAt: null,
    version: 3,
    lastAt: newYear + 3,
  });

  const again = after(released.thread, message(), newYear + 4);
  expect(again).toMatchObject({
    state: 'default-owned',
    ownerAppId: desk,
    version: 4,
    entryPoint: { type: 'organic' },
  });
  expect(asOf(again, shopPage, newYear + 4 + day)).toMatchObject({ state: 'released', version: 5 });
});

describe('the control window', () => {
  const owned = owners['marketing-owned'];
  const end = newYear + day;

  it('ends at the very millisecond of the deadline, not one earlier', () => {
    expect(overdue(owned, shopPage, end - 1)).toBeNull();
    expect(overdue(owned, shopPage, end)).toEqual({ event: { type: 'control.expired' }, at: end });
    expect(decide(owned, { type: 'control.expired' }, shopPage, end).thread).toEqual({
      ...owned,
      state: 'released',
      ownerAppId: null,
      previousOwnerAppId: marketing,
      ownerSince: null,
      deadlineAt: null,
      version: 2,
      lastAt: end,
    });
  });

  it('is not ended by a timer that comes too early', () => {
    const early = decide(owned, { type: 'control.expired' }, shopPage, end - 1);
    expect(early).toMatchObject({ refusal: null, notices: [] });
    expect(early.thread).toEqual({ ...owned, lastAt: end - 1 });
  });

  it('is counted to its end when the timer comes late', () => {
    const late = end + 3 * day;
    expect(overdue(owned, shopPage, late)).toEqual({ event: { type: 'control.expired' }, at: end });
    expect(asOf(owned, shopPage, late)).toMatchObject({ state: 'released', lastAt: end });
    expect(after(owned, message(), late)).toMatchObject({ state: 'default-owned', ownerAppId: desk, version: 3 });
  });

  it('has ended before an event at its very end is decided', () => {
    expect(after(owned, message(), end - 1)).toMatchObject({ state: 'marketing-owned', version: 1 });
    expect(after(owned, message(), end)).toMatchObject({ state: 'default-owned', version: 3 });
    expect(refusalOf(owned, pass(marketing), end - 1)).toBeNull();
    expect(refusalOf(owned, pass(marketing), end)).toBe('pass_not_owner');
  });

  it.each(['default-owned', 'marketing-owned', 'passed'] as const)('ends in %s', (state) => {
    expect(asOf(owners[state], shopPage, end)).toMatchObject({ state: 'released', ownerAppId: null, version: 2 });
  });

  it.each<UserEventType>(['user.message', 'user.postback', 'user.get_started', 'user.referral', 'user.reaction'])(
    'starts again with %s',
    (type) => {
      for (const thread of Object.values(owners).filter((each) => each.ownerAppId !== null)) {
        expect(after(thread, userEvent(type))).toMatchObject({
          state: thread.state,
          ownerAppId: thread.ownerAppId,
          deadlineAt: at + day,
          version: 1,
        });
      }
    },
  );

  it.each<UserEventType>(['user.read', 'user.delivery', 'user.edit', 'user.unsend', 'user.optin', 'user.other'])(
    'goes on over %s',
    (type) => {
      for (const thread of Object.values(owners)) {
        expect(after(thread, userEvent(type))).toEqual({ ...thread, lastAt: at });
      }
    },
  );

  it('goes on over what the app in control sends and shows', () => {
    const typing = { type: 'app.action', callerAppId: marketing, action: 'typing_on', payload: '{}' } as const;
    for (const event of [send(marketing), typing]) expect(after(owned, event)).toEqual({ ...owned, lastAt: at });
  });

  it('goes on over what is refused', () => {
    const refused = decide(owned, pass(bystander), shopPage, at);
    expect(refused.thread).toEqual({ ...owned, lastAt: at });
  });

  it('starts again when control moves', () => {
    const moves: [ThreadEvent, AppId][] = [
      [pass(marketing), desk],
      [send(takeover), takeover],
      [{ type: 'operator.pass', targetAppId: bystander }, bystander],
      [{ type: 'inbox.take', callerAppId: inbox }, inbox],
    ];
    for (const [event, ownerAppId] of moves) {
      expect(after(owned, event)).toMatchObject({ state: 'passed', ownerAppId, deadlineAt: at + day, version: 2 });
    }
  });

  it('starts again with a pass from one app to the next', () => {
    expect(after(owners.passed, pass(bystander, marketing))).toMatchObject({
      state: 'passed',
      ownerAppId: marketing,
      deadlineAt: at + day,
      version: 2,
    });
  });

  it('is over with a release', () => {
    for (const event of [{ type: 'control.release', callerAppId: marketing }, { type: 'operator.release' }] as const) {
      expect(after(owned, event)).toMatchObject({ state: 'released', deadlineAt: null, previousOwnerAppId: marketing });
    }
  });

  it('is not started by a reaction to a released thread', () => {
    expect(after(owners.released, userEvent('user.reaction'))).toEqual({
      ...owners.released,
      lastUserEventAt: at,
      lastAt: at,
    });
  });
});

describe('the messaging window', () => {
  const when = (thread: Thread, callerAppId: AppId, wait: number, tag: MessageTag | null = null) =>
    refusalOf(
      { ...thread, deadlineAt: thread.deadlineAt === null ? null : newYear + 30 * day },
      send(callerAppId, tag),
      newYear + wait,
    );

  it('is open for 24 hours after the person wrote, for the app in control', () => {
    expect(when(owners.passed, bystander, day - 1)).toBeNull();
    expect(when(owners.passed, bystander, day)).toBe('window_closed');
    expect(when(owners.released, desk, day - 1)).toBeNull();
    expect(when(owners.released, desk, day)).toBe('window_closed');
  });

  it.each<MessageTag>(['HUMAN_AGENT', 'CUSTOMER_FEEDBACK'])('is open for 7 days with %s', (tag) => {
    expect(when(owners.passed, bystander, 7 * day - 1, tag)).toBeNull();
    expect(when(owners.passed, bystander, 7 * day, tag)).toBe('window_closed');
    expect(when(owners.released, desk, 7 * day - 1, tag)).toBeNull();
  });

  it('is open for 7 days for an inbox, whose replies a human writes', () => {
    const answered = threadIn('passed', inbox);
    expect(when(answered, inbox, 7 * day - 1)).toBeNull();
    expect(when(answered, inbox, 7 * day)).toBe('window_closed');
    expect(when(owners.released, inbox, 7 * day - 1)).toBeNull();
    expect(when(owners.passed, inbox, 7 * day)).toBe('window_closed');
  });

  it('is not longer for an app that would take control, and never with HUMAN_AGENT', () => {
    expect(when(owners.passed, takeover, day - 1)).toBeNull();
    expect(when(owners.passed, takeover, day)).toBe('window_closed');
    expect(when(owners.passed, takeover, day, 'CUSTOMER_FEEDBACK')).toBe('window_closed');
    for (const wait of [hour, 2 * day]) {
      expect(when(owners.passed, takeover, wait, 'HUMAN_AGENT')).toBe('thread_not_owned');
      expect(when(owners.passed, inbox, wait, 'HUMAN_AGENT')).toBe('thread_not_owned');
      expect(when(owners.released, takeover, wait, 'HUMAN_AGENT')).toBe('thread_not_owned');
    }
  });

  it('is checked after control', () => {
    for (const wait of [hour, 30 * day - 1]) {
      expect(when(owners.passed, desk, wait)).toBe('thread_not_owned');
      expect(when(owners.released, marketing, wait)).toBe('thread_not_owned');
    }
  });

  it.each<UserEventType>(['user.message', 'user.postback', 'user.get_started', 'user.reaction'])(
    'opens with %s',
    (type) => {
      expect(after(fresh, userEvent(type)).lastUserEventAt).toBe(at);
      expect(after(owners.passed, userEvent(type)).lastUserEventAt).toBe(at);
    },
  );

  it.each<UserEventType>(['user.read', 'user.delivery', 'user.edit', 'user.unsend', 'user.optin', 'user.other'])(
    'does not open with %s',
    (type) => {
      expect(after(fresh, userEvent(type)).lastUserEventAt).toBeNull();
      expect(after(owners.passed, userEvent(type)).lastUserEventAt).toBe(newYear);
    },
  );

  it('does not open with the tap on an ad', () => {
    const tapped = after(fresh, adTap());
    expect(tapped).toMatchObject({ state: 'marketing-owned', lastUserEventAt: null, deadlineAt: at + day });
    expect(refusalOf(tapped, send(marketing))).toBe('window_closed');
    expect(after(owners.passed, adTap()).lastUserEventAt).toBe(newYear);
    expect(after(after(fresh, adTap()), message(tappedAd), at + 1).lastUserEventAt).toBe(at + 1);
  });

  it('opens with a link into a conversation that exists, not with one that starts it', () => {
    expect(after(fresh, linkClick())).toMatchObject({ lastUserEventAt: null, deadlineAt: at + day });
    expect(after(owners.released, linkClick())).toMatchObject({ lastUserEventAt: at, deadlineAt: at + day });
    expect(after(owners.passed, linkClick('unknown'))).toMatchObject({ lastUserEventAt: at, deadlineAt: at + day });
  });

  it('goes on when control moves or ends', () => {
    expect(after(owners.passed, { type: 'operator.pass', targetAppId: desk }).lastUserEventAt).toBe(newYear);
    expect(after(owners.passed, { type: 'operator.release' }).lastUserEventAt).toBe(newYear);
  });
});

describe('entry points', () => {
  it.each(Object.entries(owners))('an ad takes a thread that is %s', (_, thread) => {
    const { thread: next, notices } = decide(thread, adTap(), shopPage, at);
    expect(next).toMatchObject({
      state: 'marketing-owned',
      ownerAppId: marketing,
      entryPoint: adEntry,
      deadlineAt: at + day,
    });
    const handovers = notices.filter((notice) => notice.kind !== 'event');
    expect(handovers).toEqual(
      thread.ownerAppId === marketing
        ? []
        : [
            {
              kind: 'pass',
              appId: marketing,
              previousOwnerAppId: thread.ownerAppId,
              newOwnerAppId: marketing,
              metadata: null,
            },
          ],
    );
    expect(next.version).toBe(thread.state === 'marketing-owned' ? 1 : 2);
  });

  it('an ad of the default app leads to default-owned, with a handover only from somebody else', () => {
    for (const thread of Object.values(owners)) {
      const { thread: next, notices } = decide(thread, adTap(adOfDesk), shopPage, at);
      expect(next).toMatchObject({ state: 'default-owned', ownerAppId: desk, entryPoint: { adId: adOfDesk } });
      const isNew = thread.ownerAppId !== null && thread.ownerAppId !== desk;
      expect(notices.filter(({ kind }) => kind === 'pass')).toHaveLength(isNew ? 1 : 0);
    }
  });

  it('an owner that was passed the thread and now gets it by its ad keeps it since then', () => {
    const thread = threadIn('passed', marketing);
    expect(after(thread, adTap())).toMatchObject({
      state: 'marketing-owned',
      ownerAppId: marketing,
      ownerSince: newYear,
      previousOwnerAppId: null,
      version: 2,
    });
  });

  it('a tapped ad again is a new entry; what the person then writes repeats it', () => {
    const passed = after(after(fresh, adTap()), pass(marketing), at + 1);
    expect(after(passed, message(tappedAd), at + 2)).toMatchObject({ state: 'passed', ownerAppId: desk });
    expect(after(passed, adTap(), at + 2)).toMatchObject({ state: 'marketing-owned', ownerAppId: marketing });
    const wrote = after(passed, message(tappedAd), at + 2);
    expect(after(wrote, message(tappedAd), at + 3)).toMatchObject({ state: 'marketing-owned' });
  });

  it('the first message repeats the tap also after a release, and other events of the person do not count', () => {
    const released = after(after(fresh, adTap()), { type: 'control.release', callerAppId: marketing }, at + 1);
    const read = after(released, userEvent('user.reaction'), at + 2);
    expect(after(read, message(tappedAd), at + 3)).toMatchObject({ state: 'default-owned', ownerAppId: desk });
  });

  it('names the ad until control leaves the app it was routed to', () => {
    const tapped = after(fresh, adTap());
    expect(after(tapped, message(), at + 1).entryPoint).toEqual(adEntry);
    expect(after(after(tapped, message(), at + 1), send(takeover), at + 2).entryPoint).toBeNull();
    expect(after(tapped, pass(marketing), at + 1).entryPoint).toBeNull();
    expect(after(tapped, { type: 'operator.pass', targetAppId: desk }, at + 1).entryPoint).toBeNull();
    expect(after(tapped, { type: 'inbox.take', callerAppId: inbox }, at + 1).entryPoint).toBeNull();
    expect(after(tapped, { type: 'operator.release' }, at + 1).entryPoint).toBeNull();
    expect(asOf(tapped, shopPage, at + day).entryPoint).toBeNull();
  });

  it('says where an opening event goes and why, and which route it skipped', () => {
    expect(decide(fresh, adTap(), shopPage, at).assignment).toMatchObject({ appId: marketing, because: 'ad_route' });
    expect(decide(fresh, adTap(adOfStranger), shopPage, at).assignment).toMatchObject({
      appId: null,
      because: 'none',
      skippedAppId: stranger,
    });
    expect(after(fresh, adTap(adOfStranger))).toMatchObject({ state: 'default-owned', ownerAppId: desk });
    expect(decide(fresh, userEvent('user.read'), shopPage, at).assignment).toBeNull();
    expect(decide(owners.passed, pass(bystander), shopPage, at).assignment).toBeNull();
  });

  it('social routing gets the first message after 24 hours, and nothing while the thread is owned', () => {
    const on = page({ messenger: { socialAppId: social } });
    const first = after(fresh, message(), newYear, on);
    expect(first).toMatchObject({ state: 'marketing-owned', ownerAppId: social, entryPoint: { type: 'organic' } });
    const given = after(first, pass(social, desk), newYear + 1, on);
    expect(after(given, message(), newYear + hour, on)).toMatchObject({ ownerAppId: desk });
    const released = after(given, { type: 'control.release', callerAppId: desk }, newYear + 2, on);
    expect(after(released, message(), newYear + day - 1, on)).toMatchObject({ ownerAppId: desk });
    expect(after(released, message(), newYear + day, on)).toMatchObject({ ownerAppId: social });
  });
});

describe('passing and releasing', () => {
  it.each(Object.entries(owners))('the effective owner passes a thread that is %s', (_, thread) => {
    const caller = effectiveOwnerOf(thread, shopPage);
    if (caller === null) throw new Error('there is a default app');
    const decision = decide(thread, pass(caller, takeover, 'note'), shopPage, at);
    expect(decision.notices).toEqual([
      { kind: 'pass', appId: takeover, previousOwnerAppId: caller, newOwnerAppId: takeover, metadata: 'note' },
    ]);
    expect(decision.thread).toMatchObject({
      state: 'passed',
      ownerAppId: takeover,
      previousOwnerAppId: caller,
      version: 2,
    });
  });

  it('is refused in this order', () => {
    const owned = owners['marketing-owned'];
    expect(refusalOf(owned, pass(stranger, stranger))).toBe('app_not_connected');
    expect(refusalOf(owned, pass(desk, stranger))).toBe('pass_not_owner');
    expect(refusalOf(owned, pass(marketing, null), at, withoutDefault)).toBe('no_default_app');
    expect(refusalOf(owned, pass(marketing, stranger))).toBe('target_not_connected');
    expect(refusalOf(owned, pass(marketing, marketing))).toBe('target_is_caller');
    expect(refusalOf(owners['default-owned'], pass(desk))).toBe('target_is_caller');
    expect(refusalOf(owners.released, pass(desk))).toBe('target_is_caller');
  });

  it('is for nobody while a thread is released without a default app', () => {
    expect(refusalOf(owners.released, pass(marketing, desk), at, withoutDefault)).toBe('pass_not_owner');
    expect(refusalOf(owners.released, { type: 'control.release', callerAppId: desk }, at, withoutDefault)).toBe(
      'release_not_owner',
    );
  });

  it('a release by the default app of what is released changes nothing', () => {
    const decision = decide(owners.released, { type: 'control.release', callerAppId: desk }, shopPage, at);
    expect(decision).toMatchObject({ refusal: null, notices: [] });
    expect(decision.thread).toEqual({ ...owners.released, lastAt: at });
  });

  it('a release by another app is refused', () => {
    for (const thread of Object.values(owners)) {
      expect(refusalOf(thread, { type: 'control.release', callerAppId: takeover })).toBe('release_not_owner');
      expect(refusalOf(thread, { type: 'control.release', callerAppId: stranger })).toBe('app_not_connected');
    }
  });

  it.each(['control.take', 'control.request', 'control.extend', 'control.pass_metadata'] as const)(
    '%s is never allowed',
    (type) => {
      for (const thread of Object.values(owners)) {
        for (const callerAppId of [marketing, desk, takeover, inbox, stranger]) {
          expect(refusalOf(thread, { type, callerAppId })).toBe('routing_on');
          expect(refusalOf(thread, { type, callerAppId }, at, withoutDefault)).toBe(
            type === 'control.take' ? 'routing_off' : 'routing_on',
          );
        }
      }
    },
  );

  it('an operator moves and releases what anybody has', () => {
    for (const thread of Object.values(owners)) {
      const target = takeover;
      const decision = decide(thread, { type: 'operator.pass', targetAppId: target }, shopPage, at);
      expect(decision.thread).toMatchObject({ state: 'passed', ownerAppId: target });
      const moved = { previousOwnerAppId: thread.ownerAppId, newOwnerAppId: target, metadata: null };
      expect(decision.notices).toEqual([
        ...(thread.ownerAppId === null ? [] : [{ kind: 'take', appId: thread.ownerAppId, ...moved }]),
        { kind: 'pass', appId: target, ...moved },
      ]);
      expect(refusalOf(thread, { type: 'operator.pass', targetAppId: stranger })).toBe('target_not_connected');
    }
    expect(refusalOf(owners.passed, { type: 'operator.pass', targetAppId: bystander })).toBe('target_is_owner');
    // The default app of a released thread is not its recorded owner: it can be given the thread.
    expect(after(owners.released, { type: 'operator.pass', targetAppId: desk })).toMatchObject({ state: 'passed' });
    expect(refusalOf(owners.released, { type: 'operator.release' })).toBe('already_released');
  });
});

describe('taking control', () => {
  it.each([takeover, inbox])('%s takes it by sending', (callerAppId) => {
    for (const thread of Object.values(owners)) {
      const decision = decide(thread, send(callerAppId), shopPage, at);
      expect(decision.thread).toMatchObject({ state: 'passed', ownerAppId: callerAppId, entryPoint: null, version: 2 });
      const [first, ...rest] = decision.notices;
      if (thread.ownerAppId !== null) {
        expect(first).toMatchObject({ kind: 'take', appId: thread.ownerAppId, newOwnerAppId: callerAppId });
        expect(rest.every(({ kind }) => kind === 'event')).toBe(true);
      } else expect(first).toMatchObject({ kind: 'event' });
      const echo = decision.notices.filter((notice) => notice.kind === 'event');
      expect(echo.map((notice) => [notice.appId, notice.field]).filter(([, field]) => field === 'messaging')).toEqual([
        [callerAppId, 'messaging'],
      ]);
    }
  });

  it('is not for other apps', () => {
    expect(refusalOf(owners.passed, send(desk))).toBe('thread_not_owned');
    expect(refusalOf(owners.released, send(marketing))).toBe('thread_not_owned');
    expect(refusalOf(owners.passed, send(stranger))).toBe('app_not_connected');
  });

  it('an inbox moves a thread to Main and is told nothing of what it did itself', () => {
    for (const thread of Object.values(owners)) {
      const decision = decide(thread, { type: 'inbox.take', callerAppId: inbox }, shopPage, at);
      expect(decision.thread).toMatchObject({ state: 'passed', ownerAppId: inbox, deadlineAt: at + day });
      expect(decision.notices.map(({ kind, appId }) => [kind, appId])).toEqual(
        thread.ownerAppId === null ? [] : [['take', thread.ownerAppId]],
      );
    }
    expect(refusalOf(threadIn('passed', inbox), { type: 'inbox.take', callerAppId: inbox })).toBe('target_is_owner');
    expect(refusalOf(owners.passed, { type: 'inbox.take', callerAppId: desk })).toBe('thread_not_owned');
    expect(refusalOf(owners.passed, { type: 'inbox.take', callerAppId: stranger })).toBe('app_not_connected');
  });

  it('an inbox may be the default app', () => {
    const on = page({ messenger: { defaultAppId: inbox } });
    const wrote = after(fresh, message(), newYear, on);
    expect(wrote).toMatchObject({ state: 'default-owned', ownerAppId: inbox });
    expect(after(wrote, send(inbox), at, on)).toMatchObject({ state: 'default-owned', version: 1 });
    expect(after(wrote, { type: 'control.release', callerAppId: inbox }, at, on)).toMatchObject({ state: 'released' });
  });
});

describe('typing, marking as seen and reacting', () => {
  const action = (callerAppId: AppId, what: 'typing_on' | 'mark_seen' | 'react' = 'typing_on') =>
    ({ type: 'app.action', callerAppId, action: what, payload: '{}' }) as const;

  it('never moves control and tells nobody', () => {
    for (const caller of [bystander, takeover, inbox]) {
      const decision = decide(owners.passed, action(caller), shopPage, at);
      expect(decision).toMatchObject({ refusal: null, notices: [] });
      expect(decision.thread).toEqual({ ...owners.passed, lastAt: at });
    }
  });

  it('is refused to others, but for marking as seen', () => {
    for (const what of ['typing_on', 'react'] as const) {
      expect(refusalOf(owners.passed, action(desk, what))).toBe('thread_not_owned');
      expect(refusalOf(owners.released, action(marketing, what))).toBe('thread_not_owned');
    }
    expect(refusalOf(owners.passed, action(desk, 'mark_seen'))).toBeNull();
    expect(refusalOf(fresh, action(marketing, 'mark_seen'))).toBeNull();
    expect(refusalOf(fresh, action(stranger, 'mark_seen'))).toBe('app_not_connected');
  });

  it('needs the messaging window', () => {
    const late = newYear + 2 * day;
    expect(refusalOf(owners.released, action(desk), late)).toBe('window_closed');
    expect(refusalOf(owners.released, action(takeover), late)).toBe('window_closed');
    expect(refusalOf(owners.released, action(inbox), late)).toBeNull();
    expect(refusalOf(owners.released, action(desk, 'mark_seen'), late)).toBeNull();
  });
});

describe('a page without default app', () => {
  it('tells every app live, and lets any of them answer, while nobody owns the thread', () => {
    const { thread, notices } = decide(fresh, message(), withoutDefault, newYear);
    expect(thread).toMatchObject({ state: 'released', ownerAppId: null, version: 0, deadlineAt: null });
    expect(notices.map((notice) => notice.kind === 'event' && notice.field)).toEqual(
      Array<string>(withoutDefault.connections.size).fill('messaging'),
    );
    for (const app of [marketing, desk, takeover, inbox]) {
      const sent = decide(thread, send(app), withoutDefault, at);
      expect(sent).toMatchObject({ refusal: null, thread: { state: 'released', ownerAppId: null, version: 0 } });
      expect(sent.notices.every((notice) => notice.kind === 'event' && notice.field === 'messaging')).toBe(true);
    }
    expect(refusalOf(thread, send(stranger), at, withoutDefault)).toBe('app_not_connected');
    expect(refusalOf(thread, send(marketing), newYear + day, withoutDefault)).toBe('window_closed');
    expect(refusalOf(thread, send(marketing, 'HUMAN_AGENT'), newYear + day, withoutDefault)).toBeNull();
    expect(refusalOf(thread, send(marketing, 'HUMAN_AGENT'), newYear + 7 * day, withoutDefault)).toBe('window_closed');
  });

  it('still routes by entry point', () => {
    const { thread, notices } = decide(fresh, adTap(), withoutDefault, at);
    expect(thread).toMatchObject({ state: 'marketing-owned', ownerAppId: marketing });
    expect(notices[0]).toMatchObject({ kind: 'pass', appId: marketing, previousOwnerAppId: null });
    expect(refusalOf(after(thread, message(), at + 1, withoutDefault), send(desk), at + 2, withoutDefault)).toBe(
      'thread_not_owned',
    );
  });
});

describe('the default app', () => {
  const changed = page({ messenger: { defaultAppId: bystander } });
  const gone = page({ connections: [{ appId: desk, disconnected: true }] });

  it('when it changes, recorded owners stay and released threads follow at once', () => {
    expect(after(owners['default-owned'], message(), at, changed)).toMatchObject({
      state: 'default-owned',
      ownerAppId: desk,
      version: 1,
    });
    expect(effectiveOwnerOf(owners['default-owned'], changed)).toBe(desk);
    expect(effectiveOwnerOf(owners.released, changed)).toBe(bystander);
    expect(after(owners.released, message(), at, changed)).toMatchObject({
      state: 'default-owned',
      ownerAppId: bystander,
    });
    expect(refusalOf(owners.released, send(desk), at, changed)).toBe('thread_not_owned');
  });

  it('that was replaced is routed to like any other app', () => {
    expect(after(owners['default-owned'], adTap(adOfDesk), at, changed)).toMatchObject({
      state: 'marketing-owned',
      ownerAppId: desk,
      version: 2,
    });
  });

  it('when it is disconnected, there is none', () => {
    expect(effectiveOwnerOf(owners.released, gone)).toBeNull();
    expect(after(owners.released, message(), at, gone)).toMatchObject({ state: 'released', ownerAppId: null });
    expect(asOf(owners['default-owned'], gone, at)).toMatchObject({ state: 'released', ownerAppId: null, version: 2 });
  });

  it('is each channel’s own', () => {
    const both = page({ instagram: { defaultAppId: bystander, socialAppId: null } });
    expect(after(fresh, message(), at, both)).toMatchObject({ ownerAppId: desk });
    const direct = newThread(shop, person, 'instagram');
    expect(after(direct, message(), at, both)).toMatchObject({ state: 'default-owned', ownerAppId: bystander });
    expect(after(direct, message(), at, shopPage)).toMatchObject({ state: 'released', ownerAppId: null });
    expect(after(after(direct, adTap(), at, both), pass(marketing), at + 1, both)).toMatchObject({
      ownerAppId: bystander,
    });
  });
});

describe('an app that is disconnected', () => {
  const without = page({ connections: [{ appId: marketing, disconnected: true }] });

  it('loses its threads before anything else happens to them', () => {
    const owned = owners['marketing-owned'];
    expect(overdue(owned, without, at)).toEqual({ event: { type: 'app.disconnected' }, at });
    const lost = decide(owned, { type: 'app.disconnected' }, without, at);
    expect(lost).toMatchObject({ refusal: null, notices: [] });
    expect(lost.thread).toMatchObject({
      state: 'released',
      ownerAppId: null,
      previousOwnerAppId: marketing,
      version: 2,
    });
    expect(overdue(lost.thread, without, at)).toBeNull();
    expect(after(owned, message(), at, without)).toMatchObject({
      state: 'default-owned',
      ownerAppId: desk,
      version: 3,
    });
  });

  it('has lost them by the deadline first, if that was earlier', () => {
    const owned = owners['marketing-owned'];
    expect(overdue(owned, without, newYear + day)).toMatchObject({ event: { type: 'control.expired' } });
    expect(asOf(owned, without, newYear + 2 * day)).toMatchObject({ state: 'released', version: 2 });
  });

  it('does not take threads of others with it', () => {
    expect(overdue(owners.passed, without, at)).toBeNull();
    const late = decide(owners.passed, { type: 'app.disconnected' }, without, at);
    expect(late.thread).toEqual({ ...owners.passed, lastAt: at });
    expect(decide(owners.released, { type: 'app.disconnected' }, without, at).thread).toEqual({
      ...owners.released,
      lastAt: at,
    });
  });

  it('is told nothing any more', () => {
    for (const thread of Object.values(owners).filter((each) => each.ownerAppId !== marketing)) {
      const { notices } = decide(thread, message(), without, at);
      expect(notices.some(({ appId }) => appId === marketing)).toBe(false);
    }
  });
});

describe('a refusal', () => {
  it('says who has the thread, since when and until when, and until when the caller could write', () => {
    const thread = threadIn('passed', bystander, { ownerSince: newYear + 5 });
    expect(decide(thread, send(desk), shopPage, at).refusal).toEqual({
      reason: 'thread_not_owned',
      state: 'passed',
      effectiveOwnerAppId: bystander,
      ownerSince: newYear + 5,
      expiresAt: newYear + day,
      windowExpiresAt: newYear + day,
    });
    expect(decide(owners.released, send(marketing), shopPage, at).refusal).toMatchObject({
      effectiveOwnerAppId: desk,
      ownerSince: null,
      expiresAt: null,
    });
    expect(decide(fresh, send(desk), withoutDefault, at).refusal).toMatchObject({
      reason: 'window_closed',
      effectiveOwnerAppId: null,
      windowExpiresAt: null,
    });
  });

  it('names the window that counts for its caller', () => {
    const late = newYear + 8 * day;
    const windowOf = (event: ThreadEvent) => decide(owners.released, event, shopPage, late).refusal?.windowExpiresAt;
    expect(windowOf(send(desk))).toBe(newYear + day);
    expect(windowOf(send(desk, 'HUMAN_AGENT'))).toBe(newYear + 7 * day);
    expect(windowOf(send(takeover, 'HUMAN_AGENT'))).toBe(newYear + day);
    expect(windowOf(send(inbox))).toBe(newYear + 7 * day);
  });

  it('changes nothing but the time of the thread', () => {
    for (const thread of Object.values(owners)) {
      const { thread: next, notices } = decide(thread, send(stranger), shopPage, at);
      expect(next).toEqual({ ...thread, lastAt: at });
      expect(notices).toEqual([]);
    }
  });
});

describe('the version', () => {
  it('rises by one with every change of state or owner, and with nothing else', () => {
    const events: ThreadEvent[] = [
      message(),
      adTap(),
      adTap(adOfDesk),
      userEvent('user.reaction'),
      userEvent('user.read'),
      send(takeover),
      send(bystander),
      pass(bystander, desk),
      pass(marketing, desk),
      { type: 'operator.pass', targetAppId: desk },
      { type: 'operator.release' },
      { type: 'control.take', callerAppId: desk },
    ];
    for (const thread of Object.values(owners)) {
      for (const event of events) {
        const { thread: next } = decide(thread, event, shopPage, at);
        const moved = next.state !== thread.state || next.ownerAppId !== thread.ownerAppId;
        expect(next.version).toBe(thread.version + (moved ? 1 : 0));
      }
    }
  });
});

describe('a decision', () => {
  it('is the same for the same input, which it leaves alone', () => {
    const input = [owners.passed, adTap(), shopPage, at] as const;
    const before = structuredClone(input.slice(0, 2));
    expect(decide(...input)).toEqual(decide(...input));
    expect(input.slice(0, 2)).toEqual(before);
  });

  it('can be repeated from what is logged, without the page', () => {
    const events: ThreadEvent[] = [
      adTap(),
      message(tappedAd),
      send(marketing),
      pass(marketing, desk),
      pass(marketing, desk),
      linkClick('unknown'),
      send(takeover),
      { type: 'control.release', callerAppId: takeover },
      userEvent('user.get_started', { referral: link('flyer') }),
    ];
    let thread = fresh;
    events.forEach((event, index) => {
      const decision = decide(thread, event, shopPage, newYear + index);
      const logged = JSON.parse(JSON.stringify(decision.event));
      expect(replay(thread, logged, newYear + index)).toEqual(decision.thread);
      thread = decision.thread;
    });
  });

  it('takes ids that no JavaScript number holds', () => {
    const long = appId('18446744073709551615');
    const longer = appId('18446744073709551614');
    const on = page({ connections: [connection(long), connection(longer)] });
    const thread = threadIn('passed', long);
    expect(refusalOf(thread, send(longer), at, on)).toBe('thread_not_owned');
    expect(after(thread, pass(long, longer), at, on)).toMatchObject({ ownerAppId: longer });
  });

  it('does not mix up an ad with another', () => {
    const on = {
      ...shopPage,
      adRoutes: new Map([[`${ad}0`, { adId: `${ad}0`, receivingAppId: desk, ref: null, title: null }]]),
    };
    expect(after(fresh, adTap(), at, on)).toMatchObject({ state: 'default-owned', entryPoint: adEntry });
  });
});
