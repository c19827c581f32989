import { and, assign, not, setup } from 'xstate';
import type { AppId } from '../ids.js';
import { controlWindowMs } from '../guide.js';
import type { MachineEvent } from './thread.events.js';
import type { RefusalReason } from './refusal.js';
import type { ThreadContext } from './thread.js';

/** Stored with each thread; raised by a change of the machine that threads stored before it do not survive. */
export const machineVersion = 1;

const nobody: ThreadContext = {
  ownerAppId: null,
  previousOwnerAppId: null,
  entryPoint: null,
  ownerSince: null,
  lastUserEventAt: null,
  pendingReferral: null,
};

/** Declared so that they have a type and a name in diagrams; whoever calls the machine carries them out. */
const declared = () => {};

const machineSetup = setup({
  types: {
    context: {} as ThreadContext,
    events: {} as MachineEvent,
  },
  guards: {
    defaultAppSet: ({ event }) => event.facts.defaultAppSet,
    hasAssignee: ({ event }) => event.facts.hasAssignee,
    assigneeIsDefaultApp: ({ event }) => event.facts.assigneeIsDefaultApp,
    assigneeIsEffectiveOwner: ({ event }) => event.facts.assigneeIsEffectiveOwner,
    callerConnected: ({ event }) => event.facts.callerConnected,
    callerIsEffectiveOwner: ({ event }) => event.facts.callerIsEffectiveOwner,
    callerMayTakeControl: ({ event }) => event.facts.callerMayTakeControl,
    humanAgentTag: ({ event }) => event.facts.humanAgentTag,
    intent: ({ event }) => event.facts.intent,
    windowAllows: ({ event }) => event.facts.windowAllows,
    markSeen: ({ event }) => event.facts.markSeen,
    hasTarget: ({ event }) => event.facts.hasTarget,
    targetConnected: ({ event }) => event.facts.targetConnected,
    targetIsCaller: ({ event }) => event.facts.targetIsCaller,
    targetIsRecordedOwner: ({ event }) => event.facts.targetIsRecordedOwner,
    deadlineReached: ({ event }) => event.facts.deadlineReached,
    ownerDisconnected: ({ event }) => event.facts.ownerDisconnected,
  },
  actions: {
    /** `pass_thread_control` to the app that gets the thread. */
    tellPass: declared,
    /** `take_thread_control` to the recorded owner that loses the thread, if there is one. */
    tellTake: declared,
    /** The event itself: live to the owner, on standby to the others. */
    tellOwner: declared,
    /** The event itself, live to every app: nobody owns the thread and the page has no default app. */
    tellEveryone: declared,
    refuse: declared,

    ownByAssignee: assign(({ context, event }) => moveControl(context, event.assigneeAppId, event.at)),
    ownByDefaultApp: assign(({ context, event }) => moveControl(context, event.defaultAppId, event.at)),
    ownByTarget: assign(({ context, event }) => ({
      ...moveControl(context, event.targetAppId, event.at),
      previousOwnerAppId: event.callerAppId ?? context.ownerAppId ?? context.previousOwnerAppId,
      entryPoint: null,
    })),
    ownByCaller: assign(({ context, event }) => ({
      ...moveControl(context, event.callerAppId, event.at),
      entryPoint: null,
    })),
    endControl: assign(({ context }) => ({
      ownerAppId: null,
      previousOwnerAppId: context.ownerAppId ?? context.previousOwnerAppId,
      ownerSince: null,
      entryPoint: null,
    })),
    rememberEntry: assign(({ event }) => ({ entryPoint: event.entryPoint })),
    rememberReferral: assign(({ event }) => ({ pendingReferral: event.entryPoint })),
    forgetReferral: assign({ pendingReferral: null }),
    rememberUserEvent: assign(({ context, event }) => ({
      lastUserEventAt: event.facts.opensMessagingWindow ? event.at : context.lastUserEventAt,
    })),
  },
  delays: {
    controlWindow: controlWindowMs,
  },
});

function moveControl(context: ThreadContext, newOwnerAppId: AppId | null, at: number) {
  return {
    ownerAppId: newOwnerAppId,
    previousOwnerAppId: context.ownerAppId ?? context.previousOwnerAppId,
    ownerSince: at,
  };
}

type OwnedState = 'default-owned' | 'marketing-owned' | 'passed';
const refuse = <Reason extends RefusalReason>(reason: Reason) => ({ type: 'refuse', params: { reason } }) as const;

const toAssignee = {
  type: 'tellPass',
  params: ({ context, event }: { context: ThreadContext; event: MachineEvent }) => ({
    to: event.assigneeAppId,
    previousOwnerAppId: context.ownerAppId,
  }),
} as const;
const toTarget = {
  type: 'tellPass',
  params: ({ context, event }: { context: ThreadContext; event: MachineEvent }) => ({
    to: event.targetAppId,
    previousOwnerAppId: event.callerAppId ?? context.ownerAppId,
  }),
} as const;
const takenByTarget = {
  type: 'tellTake',
  params: ({ context, event }: { context: ThreadContext; event: MachineEvent }) => ({
    from: context.ownerAppId,
    newOwnerAppId: event.targetAppId,
  }),
} as const;
const takenByCaller = {
  type: 'tellTake',
  params: ({ context, event }: { context: ThreadContext; event: MachineEvent }) => ({
    from: context.ownerAppId,
    newOwnerAppId: event.callerAppId,
  }),
} as const;
const contentToOwner = {
  type: 'tellOwner',
  params: ({ context }: { context: ThreadContext }) => ({ ownerAppId: context.ownerAppId }),
} as const;
const contentToDefaultApp = {
  type: 'tellOwner',
  params: ({ event }: { event: MachineEvent }) => ({ ownerAppId: event.defaultAppId }),
} as const;

/** What an event of the person leaves behind in the context, whoever owns the thread. */
const traces = {
  'user.message': ['rememberUserEvent', 'forgetReferral'],
  'user.postback': ['rememberUserEvent', 'forgetReferral'],
  'user.get_started': ['rememberUserEvent', 'forgetReferral'],
  'user.referral': ['rememberUserEvent', 'rememberReferral'],
  'user.reaction': ['rememberUserEvent'],
} as const;
type OpeningType = Exclude<keyof typeof traces, 'user.reaction'>;

/** Nobody owns the thread; what names an app gives it the thread, else the default app has it. */
const openReleased = (type: OpeningType) =>
  [
    {
      guard: 'assigneeIsDefaultApp',
      target: 'default-owned',
      actions: ['ownByAssignee', 'rememberEntry', ...traces[type], contentToOwner],
    },
    {
      guard: 'hasAssignee',
      target: 'marketing-owned',
      actions: [toAssignee, 'ownByAssignee', 'rememberEntry', ...traces[type], contentToOwner],
    },
    {
      guard: 'defaultAppSet',
      target: 'default-owned',
      actions: ['ownByDefaultApp', 'rememberEntry', ...traces[type], contentToOwner],
    },
    { actions: [...traces[type], 'tellEveryone'] },
  ] as const;

/**
 * The thread has an owner: what names an app gives it the thread nevertheless, and is a new entry even if it names the
 * owner; else the control window starts again.
 */
const openOwned = (type: OpeningType, state: OwnedState) =>
  [
    {
      guard: and(['assigneeIsDefaultApp', 'assigneeIsEffectiveOwner']),
      target: 'default-owned',
      reenter: true,
      actions: ['rememberEntry', ...traces[type], contentToOwner],
    },
    {
      guard: 'assigneeIsDefaultApp',
      target: 'default-owned',
      reenter: true,
      actions: [toAssignee, 'ownByAssignee', 'rememberEntry', ...traces[type], contentToOwner],
    },
    {
      guard: 'assigneeIsEffectiveOwner',
      target: 'marketing-owned',
      reenter: true,
      actions: ['rememberEntry', ...traces[type], contentToOwner],
    },
    {
      guard: 'hasAssignee',
      target: 'marketing-owned',
      reenter: true,
      actions: [toAssignee, 'ownByAssignee', 'rememberEntry', ...traces[type], contentToOwner],
    },
    { target: state, reenter: true, actions: [...traces[type], contentToOwner] },
  ] as const;

const tellOwner = { actions: [contentToOwner] } as const;
const tellReleased = [{ guard: 'defaultAppSet', actions: [contentToDefaultApp] }, { actions: 'tellEveryone' }] as const;

const notConnected = { guard: not('callerConnected'), actions: refuse('app_not_connected') } as const;
const maySend = and(['callerIsEffectiveOwner', 'windowAllows']);
/** Nobody owns the thread and the page has no default app. */
const anybodyMaySend = and([not('defaultAppSet'), 'windowAllows']);
const mayTake = and(['callerMayTakeControl', not('humanAgentTag')]);

const mayTakeNow = and([mayTake, 'windowAllows']);
/** An intent is checked as a send is, and does nothing: what it leads to comes with `app.sent`. */
const intentOf = (guard: typeof maySend | typeof mayTakeNow | typeof anybodyMaySend) =>
  ({ guard: and([guard, 'intent']), actions: [] }) as const;
/** A send of an app that has no control and cannot take it. */
const refuseSend = [
  { guard: mayTake, actions: refuse('window_closed') },
  { actions: refuse('thread_not_owned') },
] as const;

const actionOfAnyApp = [
  { guard: 'markSeen', actions: [] },
  { guard: and(['callerIsEffectiveOwner', 'windowAllows']), actions: [] },
  { guard: and(['callerMayTakeControl', 'windowAllows']), actions: [] },
  { guard: 'callerIsEffectiveOwner', actions: refuse('window_closed') },
  { guard: 'callerMayTakeControl', actions: refuse('window_closed') },
] as const;

const targetNotConnected = { guard: not('targetConnected'), actions: refuse('target_not_connected') } as const;
const passable = [
  targetNotConnected,
  { guard: 'targetIsCaller', actions: refuse('target_is_caller') },
  { target: 'passed', reenter: true, actions: [toTarget, 'ownByTarget'] },
] as const;
const passByOwnerOnly = { guard: not('callerIsEffectiveOwner'), actions: refuse('pass_not_owner') } as const;

const targetIsOwner = { guard: 'targetIsRecordedOwner', actions: refuse('target_is_owner') } as const;
const notAnInbox = { guard: not('callerMayTakeControl'), actions: refuse('thread_not_owned') } as const;

const forbidden = { actions: refuse('routing_on') } as const;
const forbiddenTake = [
  { guard: 'defaultAppSet', actions: refuse('routing_on') },
  { actions: refuse('routing_off') },
] as const;

/** An inbox stands for whoever acts past us, and does not have the thread. */
const outsider = and(['callerConnected', not('callerIsEffectiveOwner')]);

/** The caller's message is out, and with it control has moved to the caller. */
const takeOver = { target: 'passed', reenter: true, actions: [takenByCaller, 'ownByCaller', contentToOwner] } as const;
const takeReleased = { target: 'passed', actions: ['ownByCaller', contentToOwner] } as const;

/** The rows of the table that are the same in each state with a recorded owner. */
const whileOwned = (state: OwnedState) =>
  ({
    after: { controlWindow: { guard: 'deadlineReached', target: 'released', actions: 'endControl' } },
    on: {
      'user.message': openOwned('user.message', state),
      'user.postback': openOwned('user.postback', state),
      'user.get_started': openOwned('user.get_started', state),
      'user.referral': openOwned('user.referral', state),
      'user.reaction': { target: state, reenter: true, actions: [...traces['user.reaction'], contentToOwner] },
      'user.read': tellOwner,
      'user.delivery': tellOwner,
      'user.edit': tellOwner,
      'user.unsend': tellOwner,
      'user.optin': tellOwner,
      'user.other': tellOwner,
      'app.send': [
        notConnected,
        intentOf(maySend),
        { guard: maySend, actions: [contentToOwner] },
        { guard: 'callerIsEffectiveOwner', actions: refuse('window_closed') },
        intentOf(mayTakeNow),
        { guard: mayTakeNow, ...takeOver },
        ...refuseSend,
      ],
      'app.sent': [{ guard: and([mayTake, not('callerIsEffectiveOwner')]), ...takeOver }, tellOwner],
      'app.failed': { actions: [] },
      'outside.reply': [{ guard: outsider, ...takeOver }, tellOwner],
      'outside.take': { guard: outsider, target: 'passed', reenter: true, actions: [takenByCaller, 'ownByCaller'] },
      'outside.return': [
        {
          guard: and(['callerIsEffectiveOwner', 'hasTarget', not('targetIsCaller')]),
          target: 'passed',
          reenter: true,
          actions: [toTarget, 'ownByTarget'],
        },
        { guard: and(['callerIsEffectiveOwner', not('hasTarget')]), target: 'released', actions: 'endControl' },
      ],
      'app.action': [notConnected, ...actionOfAnyApp, { actions: refuse('thread_not_owned') }],
      'control.pass': [
        notConnected,
        passByOwnerOnly,
        { guard: not('hasTarget'), actions: refuse('no_default_app') },
        ...passable,
      ],
      'control.release': [
        notConnected,
        { guard: 'callerIsEffectiveOwner', target: 'released', actions: 'endControl' },
        { actions: refuse('release_not_owner') },
      ],
      'control.take': forbiddenTake,
      'control.request': forbidden,
      'control.extend': forbidden,
      'control.pass_metadata': forbidden,
      'operator.pass': [
        targetNotConnected,
        targetIsOwner,
        { target: 'passed', reenter: true, actions: [takenByTarget, toTarget, 'ownByTarget'] },
      ],
      'inbox.take': [
        notConnected,
        notAnInbox,
        targetIsOwner,
        { target: 'passed', reenter: true, actions: [takenByCaller, 'ownByCaller'] },
      ],
      'operator.release': { target: 'released', actions: 'endControl' },
      'app.disconnected': { guard: 'ownerDisconnected', target: 'released', actions: 'endControl' },
    },
  }) as const;

/**
 * The thread: who owns a person's conversation with a page.
 *
 * - `released`: no active conversation; the channel's default app, if there is one, is the effective owner.
 * - `default-owned`: an active conversation that nothing routed elsewhere; the default app owns it.
 * - `marketing-owned`: an entry point (ad, link, social routing) routed it to an app.
 * - `passed`: control was moved by an explicit act: a pass, a take-over by sending, the inbox, an operator.
 *
 * Guards read only `event.facts`; the context holds no configuration; nothing outside the machine decides by owner or
 * state. It is run by `transition()`, so it must not invoke, spawn or await. There is no `*`: an event the machine does
 * not know is a bug.
 */
export const threadMachine = machineSetup.createMachine({
  id: 'thread',
  // A factory that needed input would throw (and be caught) inside every transition(), which costs half its time.
  context: nobody,
  initial: 'released',
  states: {
    released: {
      on: {
        'user.message': openReleased('user.message'),
        'user.postback': openReleased('user.postback'),
        'user.get_started': openReleased('user.get_started'),
        'user.referral': openReleased('user.referral'),
        'user.reaction': [
          { guard: 'defaultAppSet', actions: [...traces['user.reaction'], contentToDefaultApp] },
          { actions: [...traces['user.reaction'], 'tellEveryone'] },
        ],
        'user.read': tellReleased,
        'user.delivery': tellReleased,
        'user.edit': tellReleased,
        'user.unsend': tellReleased,
        'user.optin': tellReleased,
        'user.other': tellReleased,
        'app.send': [
          notConnected,
          intentOf(maySend),
          { guard: maySend, actions: [contentToDefaultApp] },
          intentOf(anybodyMaySend),
          { guard: anybodyMaySend, actions: 'tellEveryone' },
          { guard: 'callerIsEffectiveOwner', actions: refuse('window_closed') },
          { guard: not('defaultAppSet'), actions: refuse('window_closed') },
          intentOf(mayTakeNow),
          { guard: mayTakeNow, ...takeReleased },
          ...refuseSend,
        ],
        'app.sent': [
          { guard: and([mayTake, 'defaultAppSet', not('callerIsEffectiveOwner')]), ...takeReleased },
          ...tellReleased,
        ],
        'app.failed': { actions: [] },
        'outside.reply': [{ guard: and([outsider, 'defaultAppSet']), ...takeReleased }, ...tellReleased],
        'outside.take': { guard: outsider, target: 'passed', actions: 'ownByCaller' },
        'outside.return': { actions: [] },
        'app.action': [
          notConnected,
          ...actionOfAnyApp,
          { guard: anybodyMaySend, actions: [] },
          { guard: not('defaultAppSet'), actions: refuse('window_closed') },
          { actions: refuse('thread_not_owned') },
        ],
        // Only the default app is in control here, so there is one to pass to.
        'control.pass': [notConnected, passByOwnerOnly, ...passable],
        'control.release': [
          notConnected,
          { guard: 'callerIsEffectiveOwner', actions: [] },
          { actions: refuse('release_not_owner') },
        ],
        'control.take': forbiddenTake,
        'control.request': forbidden,
        'control.extend': forbidden,
        'control.pass_metadata': forbidden,
        'operator.pass': [targetNotConnected, { target: 'passed', actions: [toTarget, 'ownByTarget'] }],
        'inbox.take': [notConnected, notAnInbox, { target: 'passed', actions: 'ownByCaller' }],
        'operator.release': { actions: refuse('already_released') },
      },
    },
    'default-owned': whileOwned('default-owned'),
    'marketing-owned': whileOwned('marketing-owned'),
    passed: whileOwned('passed'),
  },
});
