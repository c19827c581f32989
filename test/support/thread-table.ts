import { appId, type AppId } from '../../src/domain/ids.js';
import { controlWindowMs } from '../../src/domain/guide.js';
import type { MachineOutcome } from '../../src/domain/thread/decide.js';
import type { RefusalReason } from '../../src/domain/thread/refusal.js';
import type { Effect } from '../../src/domain/thread/thread.effects.js';
import { factNames, type FactName, type Facts, type MachineEvent } from '../../src/domain/thread/thread.events.js';
import { threadStates, type EntryPoint, type ThreadContext, type ThreadState } from '../../src/domain/thread/thread.js';

/**
 * The routing table, written down by hand: what must become of every event in every state. The machine is held against
 * it, case by case; nothing here is derived from the machine.
 */
export interface Row {
  readonly name: string;
  readonly on: readonly EventName[];
  readonly from: readonly ThreadState[];
  /** The first row of an event and state whose condition holds is the one that counts. */
  readonly when?: (facts: Facts) => boolean;
  readonly then: Expectation | ((facts: Facts) => Expectation);
}

export interface Expectation {
  readonly refused?: RefusalReason;
  /** Unless it stays the same. */
  readonly to?: ThreadState;
  readonly window?: 'restart' | 'clear';
  readonly owner?: 'assignee' | 'default' | 'target' | 'caller' | 'nobody';
  readonly entryPoint?: 'this' | 'none';
  readonly pendingReferral?: 'this' | 'none';
  readonly told?: readonly Told[];
}

type Told =
  | 'pass to assignee'
  | 'pass to target'
  | 'take from owner for caller'
  | 'take from owner for target'
  | 'event to assignee'
  | 'event to owner'
  | 'event to default app'
  | 'event to caller'
  | 'event to everyone';

/** The machine's event types, with one name for the three timers. */
export type EventName = Exclude<MachineEvent['type'], `xstate.${string}`> | 'control.expired';

const any = threadStates;
const owned = ['default-owned', 'marketing-owned', 'passed'] as const;
const released = ['released'] as const;

const opening = ['user.message', 'user.postback', 'user.get_started', 'user.referral'] as const;
const informative = ['user.read', 'user.delivery', 'user.edit', 'user.unsend', 'user.optin', 'user.other'] as const;

/** A tap or link without a message is remembered, so that the first message's copy of it is known for one. */
const traceOf = (name: EventName): Expectation => ({ pendingReferral: name === 'user.referral' ? 'this' : 'none' });

const openingRows = opening.flatMap((name): Row[] => [
  {
    name: 'an entry point names an app',
    on: [name],
    from: any,
    when: (facts) => facts.hasAssignee,
    then: (facts) => ({
      ...traceOf(name),
      to: facts.assigneeIsDefaultApp ? 'default-owned' : 'marketing-owned',
      window: 'restart',
      owner: 'assignee',
      entryPoint: 'this',
      told: facts.assigneeIsEffectiveOwner ? ['event to assignee'] : ['pass to assignee', 'event to assignee'],
    }),
  },
  {
    name: 'a conversation starts with the default app',
    on: [name],
    from: released,
    when: (facts) => facts.defaultAppSet,
    then: {
      ...traceOf(name),
      to: 'default-owned',
      window: 'restart',
      owner: 'default',
      entryPoint: 'this',
      told: ['event to default app'],
    },
  },
  {
    name: 'a conversation starts on a page without default app',
    on: [name],
    from: released,
    then: { ...traceOf(name), told: ['event to everyone'] },
  },
  {
    name: 'a conversation goes on',
    on: [name],
    from: owned,
    then: { ...traceOf(name), window: 'restart', told: ['event to owner'] },
  },
]);

/** An intent is only checked; a message is told. */
const written = (facts: Facts, told: Told): Expectation => (facts.intent ? {} : { told: [told] });

const contentWhileReleased = (facts: Facts): Expectation => ({
  told: [facts.defaultAppSet ? 'event to default app' : 'event to everyone'],
});

export const table: readonly Row[] = [
  ...openingRows,
  {
    name: 'a reaction keeps a conversation alive',
    on: ['user.reaction'],
    from: owned,
    then: { window: 'restart', told: ['event to owner'] },
  },
  {
    name: 'a reaction starts no conversation',
    on: ['user.reaction'],
    from: released,
    then: contentWhileReleased,
  },
  { name: 'information while owned', on: informative, from: owned, then: { told: ['event to owner'] } },
  { name: 'information while released', on: informative, from: released, then: contentWhileReleased },

  {
    name: 'the caller is not connected',
    on: ['app.send', 'app.action', 'control.pass', 'control.release', 'inbox.take'],
    from: any,
    when: (facts) => !facts.callerConnected,
    then: { refused: 'app_not_connected' },
  },

  {
    name: 'the app in control writes while owned',
    on: ['app.send'],
    from: owned,
    when: (facts) => facts.callerIsEffectiveOwner,
    then: (facts) => (facts.windowAllows ? written(facts, 'event to owner') : { refused: 'window_closed' }),
  },
  {
    name: 'the default app writes while released',
    on: ['app.send'],
    from: released,
    when: (facts) => facts.callerIsEffectiveOwner,
    then: (facts) => (facts.windowAllows ? written(facts, 'event to default app') : { refused: 'window_closed' }),
  },
  {
    name: 'any app writes while released on a page without default app',
    on: ['app.send'],
    from: released,
    when: (facts) => !facts.defaultAppSet,
    then: (facts) => (facts.windowAllows ? written(facts, 'event to everyone') : { refused: 'window_closed' }),
  },
  {
    name: 'the human agent tag takes no control',
    on: ['app.send'],
    from: any,
    when: (facts) => facts.humanAgentTag,
    then: { refused: 'thread_not_owned' },
  },
  {
    name: 'control is checked before the messaging window',
    on: ['app.send'],
    from: any,
    when: (facts) => !facts.callerMayTakeControl,
    then: { refused: 'thread_not_owned' },
  },
  {
    name: 'a take-over needs the messaging window',
    on: ['app.send'],
    from: any,
    when: (facts) => !facts.windowAllows,
    then: { refused: 'window_closed' },
  },
  {
    name: 'an intent to take control does not take it yet',
    on: ['app.send'],
    from: any,
    when: (facts) => facts.intent,
    then: {},
  },
  {
    name: 'an app takes control from its owner by writing',
    on: ['app.send'],
    from: owned,
    then: {
      to: 'passed',
      window: 'restart',
      owner: 'caller',
      entryPoint: 'none',
      told: ['take from owner for caller', 'event to caller'],
    },
  },
  {
    name: 'an app takes control of a released thread by writing',
    on: ['app.send'],
    from: released,
    then: { to: 'passed', window: 'restart', owner: 'caller', entryPoint: 'none', told: ['event to caller'] },
  },

  {
    name: 'a message is out that takes no control, while owned',
    on: ['app.sent'],
    from: owned,
    when: (facts) => facts.callerIsEffectiveOwner || !facts.callerMayTakeControl || facts.humanAgentTag,
    then: { told: ['event to owner'] },
  },
  {
    name: 'a message is out that takes no control, while released',
    on: ['app.sent'],
    from: released,
    when: (facts) =>
      facts.callerIsEffectiveOwner || !facts.callerMayTakeControl || facts.humanAgentTag || !facts.defaultAppSet,
    then: contentWhileReleased,
  },
  {
    name: 'somebody answered past us, and no inbox takes the thread while owned',
    on: ['outside.reply'],
    from: owned,
    when: (facts) => !facts.callerConnected || facts.callerIsEffectiveOwner,
    then: { told: ['event to owner'] },
  },
  {
    name: 'somebody answered past us, and no inbox takes the thread while released',
    on: ['outside.reply'],
    from: released,
    when: (facts) => !facts.callerConnected || facts.callerIsEffectiveOwner || !facts.defaultAppSet,
    then: contentWhileReleased,
  },
  {
    name: 'a message or an answer past us takes control from the owner',
    on: ['app.sent', 'outside.reply'],
    from: owned,
    then: {
      to: 'passed',
      window: 'restart',
      owner: 'caller',
      entryPoint: 'none',
      told: ['take from owner for caller', 'event to caller'],
    },
  },
  {
    name: 'a message or an answer past us takes control of a released thread',
    on: ['app.sent', 'outside.reply'],
    from: released,
    then: { to: 'passed', window: 'restart', owner: 'caller', entryPoint: 'none', told: ['event to caller'] },
  },
  {
    name: 'the platform gives away what is owned',
    on: ['outside.take'],
    from: owned,
    when: (facts) => facts.callerConnected && !facts.callerIsEffectiveOwner,
    then: {
      to: 'passed',
      window: 'restart',
      owner: 'caller',
      entryPoint: 'none',
      told: ['take from owner for caller'],
    },
  },
  {
    name: 'the platform gives away what is released',
    on: ['outside.take'],
    from: released,
    when: (facts) => facts.callerConnected && !facts.callerIsEffectiveOwner,
    then: { to: 'passed', window: 'restart', owner: 'caller', entryPoint: 'none' },
  },
  {
    name: 'the platform gives back what the inbox has for it',
    on: ['outside.return'],
    from: owned,
    when: (facts) => facts.callerIsEffectiveOwner && !facts.targetIsCaller,
    then: (facts) =>
      facts.hasTarget
        ? { to: 'passed', window: 'restart', owner: 'target', entryPoint: 'none', told: ['pass to target'] }
        : { to: 'released', window: 'clear', owner: 'nobody', entryPoint: 'none' },
  },
  {
    name: 'the platform gives away what the inbox has, or gives back what others have',
    on: ['outside.take', 'outside.return'],
    from: any,
    then: {},
  },
  {
    name: 'a message is not out',
    on: ['app.failed'],
    from: any,
    then: {},
  },

  {
    name: 'anybody may mark as seen',
    on: ['app.action'],
    from: any,
    when: (facts) => facts.markSeen,
    then: {},
  },
  {
    name: 'typing and reactions need control or the right to take it',
    on: ['app.action'],
    from: any,
    when: (facts) => facts.callerIsEffectiveOwner || facts.callerMayTakeControl,
    then: (facts) => (facts.windowAllows ? {} : { refused: 'window_closed' }),
  },
  {
    name: 'typing and reactions of anybody while released without default app',
    on: ['app.action'],
    from: released,
    when: (facts) => !facts.defaultAppSet,
    then: (facts) => (facts.windowAllows ? {} : { refused: 'window_closed' }),
  },
  { name: 'typing and reactions of others', on: ['app.action'], from: any, then: { refused: 'thread_not_owned' } },

  {
    name: 'only the app in control passes it',
    on: ['control.pass'],
    from: any,
    when: (facts) => !facts.callerIsEffectiveOwner,
    then: { refused: 'pass_not_owner' },
  },
  {
    name: 'a pass to the default app needs one',
    on: ['control.pass'],
    from: any,
    when: (facts) => !facts.hasTarget,
    then: { refused: 'no_default_app' },
  },
  {
    name: 'a pass to an app that is not connected',
    on: ['control.pass'],
    from: any,
    when: (facts) => !facts.targetConnected,
    then: { refused: 'target_not_connected' },
  },
  {
    name: 'a pass to oneself',
    on: ['control.pass'],
    from: any,
    when: (facts) => facts.targetIsCaller,
    then: { refused: 'target_is_caller' },
  },
  {
    name: 'a pass',
    on: ['control.pass'],
    from: any,
    then: { to: 'passed', window: 'restart', owner: 'target', entryPoint: 'none', told: ['pass to target'] },
  },

  {
    name: 'the app in control releases',
    on: ['control.release'],
    from: owned,
    when: (facts) => facts.callerIsEffectiveOwner,
    then: { to: 'released', window: 'clear', owner: 'nobody', entryPoint: 'none' },
  },
  {
    name: 'the default app releases what is released',
    on: ['control.release'],
    from: released,
    when: (facts) => facts.callerIsEffectiveOwner,
    then: {},
  },
  {
    name: 'only the app in control releases',
    on: ['control.release'],
    from: any,
    then: { refused: 'release_not_owner' },
  },

  {
    name: 'the deadline is reached',
    on: ['control.expired'],
    from: owned,
    when: (facts) => facts.deadlineReached,
    then: { to: 'released', window: 'clear', owner: 'nobody', entryPoint: 'none' },
  },
  { name: 'the deadline is not reached', on: ['control.expired'], from: owned, then: {} },
  {
    name: 'the owner is disconnected',
    on: ['app.disconnected'],
    from: owned,
    when: (facts) => facts.ownerDisconnected,
    then: { to: 'released', window: 'clear', owner: 'nobody', entryPoint: 'none' },
  },
  { name: 'the owner is connected', on: ['app.disconnected'], from: owned, then: {} },

  {
    name: 'an operator passes to an app that is not connected',
    on: ['operator.pass'],
    from: any,
    when: (facts) => !facts.targetConnected,
    then: { refused: 'target_not_connected' },
  },
  {
    name: 'only an inbox moves to Main',
    on: ['inbox.take'],
    from: any,
    when: (facts) => !facts.callerMayTakeControl,
    then: { refused: 'thread_not_owned' },
  },
  {
    name: 'the target owns the thread already',
    on: ['operator.pass', 'inbox.take'],
    from: owned,
    when: (facts) => facts.targetIsRecordedOwner,
    then: { refused: 'target_is_owner' },
  },
  {
    name: 'an operator passes what is owned',
    on: ['operator.pass'],
    from: owned,
    then: {
      to: 'passed',
      window: 'restart',
      owner: 'target',
      entryPoint: 'none',
      told: ['take from owner for target', 'pass to target'],
    },
  },
  {
    name: 'an operator passes what is released',
    on: ['operator.pass'],
    from: released,
    then: { to: 'passed', window: 'restart', owner: 'target', entryPoint: 'none', told: ['pass to target'] },
  },
  {
    name: 'an inbox moves to Main what is owned',
    on: ['inbox.take'],
    from: owned,
    then: {
      to: 'passed',
      window: 'restart',
      owner: 'caller',
      entryPoint: 'none',
      told: ['take from owner for caller'],
    },
  },
  {
    name: 'an inbox moves to Main what is released',
    on: ['inbox.take'],
    from: released,
    then: { to: 'passed', window: 'restart', owner: 'caller', entryPoint: 'none' },
  },
  {
    name: 'an operator releases',
    on: ['operator.release'],
    from: owned,
    then: { to: 'released', window: 'clear', owner: 'nobody', entryPoint: 'none' },
  },
  {
    name: 'an operator releases what is released',
    on: ['operator.release'],
    from: released,
    then: { refused: 'already_released' },
  },

  {
    name: 'take',
    on: ['control.take'],
    from: any,
    then: (facts) => ({ refused: facts.defaultAppSet ? 'routing_on' : 'routing_off' }),
  },
  {
    name: 'request, extend and metadata',
    on: ['control.request', 'control.extend', 'control.pass_metadata'],
    from: any,
    then: { refused: 'routing_on' },
  },
];

/** The facts an event of this name may differ in; all others are false. */
function varying(name: EventName): readonly FactName[] {
  switch (name) {
    case 'user.message':
    case 'user.postback':
    case 'user.get_started':
    case 'user.referral':
      return [
        'defaultAppSet',
        'hasAssignee',
        'assigneeIsDefaultApp',
        'assigneeIsEffectiveOwner',
        'opensMessagingWindow',
      ];
    case 'user.reaction':
      return ['defaultAppSet', 'opensMessagingWindow'];
    case 'user.read':
    case 'user.delivery':
    case 'user.edit':
    case 'user.unsend':
    case 'user.optin':
    case 'user.other':
    case 'operator.release':
      return ['defaultAppSet'];
    case 'app.send':
      return [
        'defaultAppSet',
        'callerConnected',
        'callerIsEffectiveOwner',
        'callerMayTakeControl',
        'humanAgentTag',
        'intent',
        'windowAllows',
      ];
    case 'app.sent':
      return ['defaultAppSet', 'callerConnected', 'callerIsEffectiveOwner', 'callerMayTakeControl', 'humanAgentTag'];
    case 'app.failed':
      return ['defaultAppSet', 'callerConnected', 'callerIsEffectiveOwner'];
    case 'outside.reply':
    case 'outside.take':
      return ['defaultAppSet', 'callerConnected', 'callerIsEffectiveOwner'];
    case 'outside.return':
      return [
        'defaultAppSet',
        'callerConnected',
        'callerIsEffectiveOwner',
        'hasTarget',
        'targetConnected',
        'targetIsCaller',
      ];
    case 'app.action':
      return [
        'defaultAppSet',
        'callerConnected',
        'callerIsEffectiveOwner',
        'callerMayTakeControl',
        'markSeen',
        'windowAllows',
      ];
    case 'control.pass':
      return [
        'defaultAppSet',
        'callerConnected',
        'callerIsEffectiveOwner',
        'callerMayTakeControl',
        'hasTarget',
        'targetConnected',
        'targetIsCaller',
        'targetIsRecordedOwner',
      ];
    case 'inbox.take':
      return [
        'defaultAppSet',
        'callerConnected',
        'callerIsEffectiveOwner',
        'callerMayTakeControl',
        'hasTarget',
        'targetConnected',
        'targetIsCaller',
        'targetIsRecordedOwner',
      ];
    case 'control.release':
    case 'control.take':
    case 'control.request':
    case 'control.extend':
    case 'control.pass_metadata':
      return ['defaultAppSet', 'callerConnected', 'callerIsEffectiveOwner', 'callerMayTakeControl'];
    case 'operator.pass':
      return ['defaultAppSet', 'hasTarget', 'targetConnected', 'targetIsRecordedOwner'];
    case 'control.expired':
      return ['defaultAppSet', 'deadlineReached', 'ownerDisconnected'];
    case 'app.disconnected':
      return ['defaultAppSet', 'ownerDisconnected'];
  }
}

/** Whether facts can hold together: what no page and thread can bring about needs no row and no transition. */
function possible(name: EventName, state: ThreadState, facts: Facts): boolean {
  const implies = (premise: boolean, conclusion: boolean) => !premise || conclusion;
  const isReleased = state === 'released';
  return (
    implies(facts.assigneeIsDefaultApp, facts.hasAssignee && facts.defaultAppSet) &&
    implies(facts.assigneeIsEffectiveOwner, facts.hasAssignee) &&
    implies(isReleased, facts.assigneeIsEffectiveOwner === facts.assigneeIsDefaultApp) &&
    implies(facts.callerIsEffectiveOwner || facts.callerMayTakeControl, facts.callerConnected) &&
    implies(isReleased && facts.callerIsEffectiveOwner, facts.defaultAppSet) &&
    implies(facts.targetConnected || facts.targetIsCaller || facts.targetIsRecordedOwner, facts.hasTarget) &&
    implies(facts.targetIsRecordedOwner, !isReleased && facts.targetConnected) &&
    implies(facts.targetIsCaller, facts.targetConnected === facts.callerConnected) &&
    implies(name === 'control.pass' && !facts.hasTarget, !facts.defaultAppSet) &&
    implies(
      name === 'control.pass' && !isReleased && facts.callerIsEffectiveOwner,
      facts.targetIsRecordedOwner === facts.targetIsCaller,
    ) &&
    implies(
      name === 'control.pass' && facts.targetIsCaller && facts.targetIsRecordedOwner,
      facts.callerIsEffectiveOwner,
    ) &&
    implies(name === 'inbox.take', facts.targetIsCaller) &&
    implies(name === 'inbox.take' && !isReleased, facts.targetIsRecordedOwner === facts.callerIsEffectiveOwner) &&
    implies(name === 'operator.pass', facts.hasTarget) &&
    // A thread is given back to the default app.
    implies(
      name === 'outside.return',
      facts.hasTarget === facts.defaultAppSet && facts.targetConnected === facts.hasTarget,
    ) &&
    implies(name === 'outside.return' && isReleased, facts.callerIsEffectiveOwner === facts.targetIsCaller) &&
    implies(name === 'user.message' || name === 'user.reaction', facts.opensMessagingWindow)
  );
}

export interface Case {
  readonly row: Row;
  readonly name: EventName;
  readonly state: ThreadState;
  readonly context: ThreadContext;
  readonly event: MachineEvent;
  readonly expected: MachineOutcome;
}

/** Every case that can happen: each event in each state under every combination of facts that can hold together. */
export function allCases(): Case[] {
  const names = [...new Set(table.flatMap((row) => row.on))];
  return names.flatMap((name) => threadStates.flatMap((state) => casesOf(name, state)));
}

export function casesOf(name: EventName, state: ThreadState): Case[] {
  const rows = table.filter((row) => row.on.includes(name) && row.from.includes(state));
  if (rows.length === 0) return [];
  return combinations(varying(name))
    .filter((facts) => possible(name, state, facts))
    .flatMap((facts) => {
      const row = rows.find(({ when }) => when === undefined || when(facts));
      if (row === undefined) throw new Error(`no row for ${name} in ${state}`);
      const expectation = typeof row.then === 'function' ? row.then(facts) : row.then;
      const event = eventOf(name, state, facts);
      return contextsOf(state).map((context) => ({
        row,
        name,
        state,
        context,
        event,
        expected: outcomeOf(expectation, state, context, event),
      }));
    });
}

export function describeCase({ row, name, state, event }: Case): string {
  const facts = factNames.filter((fact) => event.facts[fact]);
  return `${row.name}: ${name} in ${state} with ${facts.join(', ') || 'no facts'}`;
}

const nothing = Object.fromEntries(factNames.map((name) => [name, false])) as Facts;

function combinations(names: readonly FactName[]): Facts[] {
  return Array.from({ length: 2 ** names.length }, (_, bits) => ({
    ...nothing,
    ...Object.fromEntries(names.map((name, index) => [name, (bits & (1 << index)) !== 0])),
  }));
}

const at = 2000;
const ownerAppId = appId('11');
const entered: EntryPoint = { type: 'link', adId: null, ref: 'flyer' };

function contextsOf(state: ThreadState): ThreadContext[] {
  const owner = state === 'released' ? { ownerAppId: null, ownerSince: null } : { ownerAppId, ownerSince: 1000 };
  const entry: EntryPoint = { type: 'ad', adId: '9', ref: null };
  const pendingReferral: EntryPoint = { type: 'ad', adId: '8', ref: null };
  return [
    { ...owner, previousOwnerAppId: appId('10'), entryPoint: entry, lastUserEventAt: 900, pendingReferral },
    { ...owner, previousOwnerAppId: null, entryPoint: null, lastUserEventAt: null, pendingReferral: null },
  ];
}

/** An event whose ids agree with its facts. */
function eventOf(name: EventName, state: ThreadState, facts: Facts): MachineEvent {
  const byCaller =
    ['app.send', 'app.sent', 'app.failed', 'app.action', 'inbox.take'].includes(name) ||
    name.startsWith('control.') ||
    (name.startsWith('outside.') && facts.callerConnected);
  const bothOwn = state !== 'released' && facts.assigneeIsEffectiveOwner && facts.assigneeIsDefaultApp;
  const defaultAppId = !facts.defaultAppSet ? null : bothOwn ? ownerAppId : appId('12');
  const controllerAppId = state === 'released' ? defaultAppId : ownerAppId;
  const callerAppId =
    !byCaller || name === 'control.expired' ? null : facts.callerIsEffectiveOwner ? controllerAppId : appId('13');
  const assigneeAppId = !facts.hasAssignee
    ? null
    : facts.assigneeIsEffectiveOwner
      ? controllerAppId
      : facts.assigneeIsDefaultApp
        ? defaultAppId
        : appId('14');
  const targetAppId = !facts.hasTarget
    ? null
    : facts.targetIsCaller
      ? callerAppId
      : facts.targetIsRecordedOwner
        ? ownerAppId
        : appId('15');
  return {
    type: name === 'control.expired' ? timerOf(state) : name,
    at,
    facts,
    defaultAppId,
    assigneeAppId,
    callerAppId,
    targetAppId,
    entryPoint: opening.some((each) => each === name) ? entered : null,
  };
}

function timerOf(state: ThreadState): MachineEvent['type'] {
  if (state === 'released') throw new Error('a released thread has no timer');
  return `xstate.after.controlWindow.thread.${state}`;
}

function outcomeOf(
  expectation: Expectation,
  state: ThreadState,
  context: ThreadContext,
  event: MachineEvent,
): MachineOutcome {
  const { refused = null, to = state, window, owner, entryPoint, pendingReferral, told = [] } = expectation;
  const newOwner = {
    assignee: event.assigneeAppId,
    default: event.defaultAppId,
    target: event.targetAppId,
    caller: event.callerAppId,
    nobody: null,
  };
  const ownerAfter = owner === undefined ? context.ownerAppId : newOwner[owner];
  // Who passes is the one the thread comes from, also when the thread was released and so the default app's.
  const passer = owner === 'target' ? event.callerAppId : null;
  return {
    state: to,
    context: {
      ownerAppId: ownerAfter,
      previousOwnerAppId:
        ownerAfter === context.ownerAppId
          ? context.previousOwnerAppId
          : (passer ?? context.ownerAppId ?? context.previousOwnerAppId),
      ownerSince: ownerAfter === context.ownerAppId ? context.ownerSince : ownerAfter === null ? null : event.at,
      entryPoint: entryPoint === undefined ? context.entryPoint : entryPoint === 'this' ? event.entryPoint : null,
      lastUserEventAt: event.facts.opensMessagingWindow ? event.at : context.lastUserEventAt,
      pendingReferral:
        pendingReferral === undefined ? context.pendingReferral : pendingReferral === 'this' ? event.entryPoint : null,
    },
    effects: told.map((what) => effectOf(what, context.ownerAppId, event)),
    refused,
    deadline: window === undefined ? 'keep' : window === 'clear' ? 'clear' : controlWindowMs,
  };
}

function effectOf(what: Told, recordedOwnerAppId: AppId | null, event: MachineEvent): Effect {
  switch (what) {
    case 'pass to assignee':
      return { type: 'tellPass', to: event.assigneeAppId, previousOwnerAppId: recordedOwnerAppId };
    case 'pass to target':
      return {
        type: 'tellPass',
        to: event.targetAppId,
        previousOwnerAppId: event.callerAppId ?? recordedOwnerAppId,
      };
    case 'take from owner for caller':
      return { type: 'tellTake', from: recordedOwnerAppId, newOwnerAppId: event.callerAppId };
    case 'take from owner for target':
      return { type: 'tellTake', from: recordedOwnerAppId, newOwnerAppId: event.targetAppId };
    case 'event to assignee':
      return { type: 'tellOwner', ownerAppId: event.assigneeAppId };
    case 'event to owner':
      return { type: 'tellOwner', ownerAppId: recordedOwnerAppId };
    case 'event to default app':
      return { type: 'tellOwner', ownerAppId: event.defaultAppId };
    case 'event to caller':
      return { type: 'tellOwner', ownerAppId: event.callerAppId };
    case 'event to everyone':
      return { type: 'tellEveryone' };
  }
}
