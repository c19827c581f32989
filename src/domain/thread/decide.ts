import { transition, type AnyEventObject } from 'xstate';
import { appId, type AppId } from '../ids.js';
import { assign, isOpening, type Assignment } from '../entry-point.js';
import type { LoggedEvent } from '../log.js';
import { messagingWindowEndsAt } from '../messaging-window.js';
import { noticesOf, type Notice } from '../notice.js';
import { defaultAppOf, inboxOf, type Page } from '../page.js';
import type { Refusal, RefusalReason } from './refusal.js';
import {
  factNames,
  isUserEvent,
  type FactName,
  type Facts,
  type MachineEvent,
  type ThreadEvent,
  type TimerId,
} from './thread.events.js';
import type { Effect } from './thread.effects.js';
import { threadMachine } from './thread.machine.js';
import type { Thread, ThreadContext, ThreadState } from './thread.js';

/** What one event does to a thread. */
export interface Decision {
  readonly thread: Thread;
  readonly event: LoggedEvent;
  readonly notices: readonly Notice[];
  readonly refusal: Refusal | null;
  /** For opening events: where they are routed, and why. */
  readonly assignment: Assignment | null;
}

/**
 * Decides one event of a thread. Pure: the same thread, event, page and time give the same decision. `at` is
 * milliseconds since 1970 and not before `thread.lastAt`. What `overdue` names must have been decided before.
 */
export function decide(thread: Thread, event: ThreadEvent, page: Page, at: number): Decision {
  const assignment = isUserEvent(event) && isOpening(event) ? assign(thread, event, page, at) : null;
  const machineEvent = toMachineEvent(thread, event, page, at, assignment);
  const outcome = runRemembered(thread, machineEvent);
  const refusal = outcome.refused === null ? null : explainRefusal(outcome.refused, thread, event, page);
  return {
    thread: apply(thread, outcome, at),
    event: toLoggedEvent(machineEvent),
    notices: noticesOf(outcome.effects, event, thread, page),
    refusal,
    assignment,
  };
}

/** The thread after an event of its log: what `decide` made of it then, without the configuration of then. */
export function replay(thread: Thread, event: LoggedEvent, at: number): Thread {
  return apply(thread, runRemembered(thread, fromLoggedEvent(event, at)), at);
}

function apply(thread: Thread, outcome: MachineOutcome, at: number): Thread {
  const moved = outcome.state !== thread.state || outcome.context.ownerAppId !== thread.ownerAppId;
  return {
    pageId: thread.pageId,
    psid: thread.psid,
    channel: thread.channel,
    state: outcome.state,
    ...outcome.context,
    deadlineAt:
      outcome.deadline === 'keep' ? thread.deadlineAt : outcome.deadline === 'clear' ? null : at + outcome.deadline,
    version: moved ? thread.version + 1 : thread.version,
    lastAt: at,
  };
}

/** What must be decided before anything else may happen to the thread at this time, and at which time it counts. */
export function overdue(thread: Thread, page: Page, at: number): { event: ThreadEvent; at: number } | null {
  if (thread.deadlineAt !== null && at >= thread.deadlineAt) {
    return { event: { type: 'control.expired' }, at: thread.deadlineAt };
  }
  if (thread.ownerAppId !== null && !page.connections.has(thread.ownerAppId)) {
    return { event: { type: 'app.disconnected' }, at };
  }
  return null;
}

/** The thread as it stands at a time: everything overdue applied, nothing written. For reads. */
export function asOf(thread: Thread, page: Page, at: number): Thread {
  let current = thread;
  for (let next = overdue(current, page, at); next !== null; next = overdue(current, page, at)) {
    current = decide(current, next.event, page, next.at).thread;
  }
  return current;
}

/** Who controls the thread: the recorded owner, or the channel's default app while it is released. */
export function effectiveOwnerOf(thread: Thread, page: Page): AppId | null {
  return thread.ownerAppId ?? defaultAppOf(page, thread.channel);
}

/** A refusal as the caller is told it: how the thread stood. */
export function explainRefusal(reason: RefusalReason, thread: Thread, event: ThreadEvent, page: Page): Refusal {
  return {
    reason,
    state: thread.state,
    effectiveOwnerAppId: effectiveOwnerOf(thread, page),
    ownerSince: thread.ownerSince,
    expiresAt: thread.deadlineAt,
    windowExpiresAt: messagingWindowEndsAt(thread.lastUserEventAt, writesAsHuman(thread, event, page)),
  };
}

// --- facts -----------------------------------------------------------------------------------------------------------

function toMachineEvent(
  thread: Thread,
  event: ThreadEvent,
  page: Page,
  at: number,
  assignment: Assignment | null,
): MachineEvent {
  const defaultAppId = defaultAppOf(page, thread.channel);
  const effectiveOwnerAppId = effectiveOwnerOf(thread, page);
  const assigneeAppId = assignment?.appId ?? null;
  const callerAppId = callerOf(event, thread, page);
  const targetAppId = targetOf(event, defaultAppId);
  const caller = callerAppId === null ? undefined : page.connections.get(callerAppId);
  const callerIsEffectiveOwner = callerAppId !== null && callerAppId === effectiveOwnerAppId;
  const windowEndsAt = messagingWindowEndsAt(thread.lastUserEventAt, writesAsHuman(thread, event, page));

  return {
    type: event.type === 'control.expired' ? timerOf(thread.state) : event.type,
    at,
    facts: {
      defaultAppSet: defaultAppId !== null,
      hasAssignee: assigneeAppId !== null,
      assigneeIsDefaultApp: assigneeAppId !== null && assigneeAppId === defaultAppId,
      assigneeIsEffectiveOwner: assigneeAppId !== null && assigneeAppId === effectiveOwnerAppId,
      opensMessagingWindow: opensMessagingWindow(thread, event),
      callerConnected: caller !== undefined,
      callerIsEffectiveOwner,
      callerMayTakeControl: caller !== undefined && (caller.canTakeControl || caller.kind === 'inbox'),
      humanAgentTag: (event.type === 'app.send' || event.type === 'app.sent') && event.tag === 'HUMAN_AGENT',
      intent: event.type === 'app.send' && event.mid === null,
      windowAllows: windowEndsAt !== null && at < windowEndsAt,
      markSeen: event.type === 'app.action' && event.action === 'mark_seen',
      hasTarget: targetAppId !== null,
      targetConnected: targetAppId !== null && page.connections.has(targetAppId),
      targetIsCaller: targetAppId !== null && targetAppId === callerAppId,
      targetIsRecordedOwner: targetAppId !== null && targetAppId === thread.ownerAppId,
      deadlineReached: thread.deadlineAt !== null && at >= thread.deadlineAt,
      ownerDisconnected: thread.ownerAppId !== null && !page.connections.has(thread.ownerAppId),
    },
    defaultAppId,
    assigneeAppId,
    callerAppId,
    targetAppId,
    entryPoint: assignment?.entryPoint ?? null,
  };
}

/** Who acts: the app that calls; for what happens past us, the inbox that stands for it, if the page wants that. */
function callerOf(event: ThreadEvent, thread: Thread, page: Page): AppId | null {
  switch (event.type) {
    case 'outside.reply':
    case 'outside.take':
    case 'outside.return':
      return page.outsideReplies === 'inbox_takes' ? inboxOf(page, thread.channel) : null;
    default:
      return 'callerAppId' in event ? event.callerAppId : null;
  }
}

function targetOf(event: ThreadEvent, defaultAppId: AppId | null): AppId | null {
  switch (event.type) {
    case 'control.pass':
      return event.targetAppId ?? defaultAppId;
    case 'outside.return':
      return defaultAppId;
    case 'operator.pass':
      return event.targetAppId;
    case 'inbox.take':
      return event.callerAppId;
    default:
      return null;
  }
}

/** Whether the longer window for humans counts: for an inbox, and for the tags where the app is in control. */
function writesAsHuman(thread: Thread, event: ThreadEvent, page: Page): boolean {
  if (!('callerAppId' in event)) return false;
  if (page.connections.get(event.callerAppId)?.kind === 'inbox') return true;
  if (event.type !== 'app.send' || event.tag === null) return false;
  // With neither owner nor default app every app may answer, with the tag as well.
  const effectiveOwnerAppId = effectiveOwnerOf(thread, page);
  return effectiveOwnerAppId === null || effectiveOwnerAppId === event.callerAppId;
}

/** An ad tap opens no messaging window until the person writes; a link does where a conversation existed before. */
function opensMessagingWindow(thread: Thread, event: ThreadEvent): boolean {
  switch (event.type) {
    case 'user.message':
    case 'user.postback':
    case 'user.get_started':
    case 'user.reaction':
      return true;
    case 'user.referral':
      return event.referral?.adId == null && thread.lastUserEventAt !== null;
    default:
      return false;
  }
}

/** XState's name for the `after` of an owned state. */
function timerOf(state: ThreadState): TimerId {
  if (state === 'released') throw new Error('a released thread has no deadline');
  return `xstate.after.controlWindow.thread.${state}`;
}

function toLoggedEvent({
  type,
  facts,
  defaultAppId,
  assigneeAppId,
  callerAppId,
  targetAppId,
  entryPoint,
}: MachineEvent): LoggedEvent {
  return {
    type,
    facts: heldFacts(facts),
    defaultAppId,
    assigneeAppId,
    callerAppId,
    targetAppId,
    entryPoint,
  };
}

/** The facts as a number, one bit each. */
function bitsOf(facts: Facts): number {
  let bits = 0;
  for (const name of factNames) bits = (bits << 1) | (facts[name] ? 1 : 0);
  return bits;
}

const factLists = new Map<number, readonly FactName[]>();

/** The names of the facts that hold. The same combinations come again and again, so each list is made once. */
function heldFacts(facts: Facts): readonly FactName[] {
  const bits = bitsOf(facts);
  let list = factLists.get(bits);
  if (list === undefined) {
    list = factNames.filter((name) => facts[name]);
    factLists.set(bits, list);
  }
  return list;
}

/** The machine event a log row was decided by. */
export function fromLoggedEvent(event: LoggedEvent, at: number): MachineEvent {
  const held = new Set<FactName>(event.facts);
  const facts = Object.fromEntries(factNames.map((name) => [name, held.has(name)])) as Facts;
  return { ...event, at, facts };
}

// --- the machine -----------------------------------------------------------------------------------------------------

/** What the machine makes of an event. */
export interface MachineOutcome {
  readonly state: ThreadState;
  readonly context: ThreadContext;
  readonly effects: readonly Effect[];
  readonly refused: RefusalReason | null;
  /** What happens to the deadline: kept, cleared, or set this many milliseconds from now. */
  readonly deadline: 'keep' | 'clear' | number;
}

/** Runs the machine itself: the one place that reads XState's own action objects. */
export function runMachine(
  state: ThreadState,
  context: ThreadContext,
  event: MachineEvent,
  machine = threadMachine,
): MachineOutcome {
  const snapshot = machine.resolveState({ value: state, context });
  const [next, actions] = transition(machine, snapshot, event);
  const effects: Effect[] = [];
  let refused: RefusalReason | null = null;
  let deadline: MachineOutcome['deadline'] = 'keep';
  // XState types the actions loosely, since any machine may have produced them.
  for (const action of actions as readonly { type: string; params: AnyEventObject }[]) {
    switch (action.type) {
      case 'xstate.raise':
        deadline = (action.params as unknown as { delay: number }).delay;
        break;
      case 'xstate.cancel':
        deadline = 'clear';
        break;
      case 'refuse':
        refused = (action.params as unknown as { reason: RefusalReason }).reason;
        break;
      case 'tellPass':
      case 'tellTake':
      case 'tellOwner':
      case 'tellEveryone':
        effects.push({ ...action.params, type: action.type } as unknown as Effect);
        break;
      default:
        throw new Error(`the machine asks for "${action.type}", which nobody carries out`);
    }
  }
  return { state: next.value, context: next.context, effects, refused, deadline };
}

/*
 * Running the machine costs some 25 µs, so each distinct case is run once, on placeholders instead of values, and the
 * outcome is filled in afterwards. That is exact because guards read only facts, and actions only move values about or
 * ask whether one is null; both are part of the key. A test holds it against the machine for every case.
 */
const contextFields = [
  'ownerAppId',
  'previousOwnerAppId',
  'entryPoint',
  'ownerSince',
  'lastUserEventAt',
  'pendingReferral',
] as const satisfies readonly (keyof ThreadContext)[];
const eventFields = ['at', 'defaultAppId', 'assigneeAppId', 'callerAppId', 'targetAppId', 'entryPoint'] as const;

/** What the machine made of a case: its outcome, with the values looked up where they now come from. */
interface Remembered {
  readonly outcome: MachineOutcome;
  readonly context: { readonly [Field in keyof ThreadContext]: Source<ThreadContext[Field]> };
  readonly effects: readonly Source<Effect>[];
}

/** Where a value of an outcome comes from. */
type Source<T> = (thread: Thread, event: MachineEvent) => T;

/** By state, type of the event, and a number made of the facts and of which values are null. */
const cases = new Map<ThreadState, Map<MachineEvent['type'], Map<number, Remembered>>>();

/** The same as `runMachine`, a hundred times faster. */
export function runRemembered(thread: Thread, event: MachineEvent): MachineOutcome {
  let bits = bitsOf(event.facts);
  for (const field of contextFields) bits = bits * 2 + (thread[field] === null ? 1 : 0);
  for (const field of eventFields) bits = bits * 2 + (event[field] === null ? 1 : 0);
  const known = casesOf(thread.state, event.type);
  let remembered = known.get(bits);
  if (remembered === undefined) {
    const outcome = runMachine(thread.state, placeholders<ThreadContext>(thread, standIns.context), {
      ...event,
      ...placeholders<Partial<MachineEvent>>(event, standIns.event),
    });
    remembered = remember(outcome);
    known.set(bits, remembered);
  }
  const { outcome, context, effects } = remembered;
  return {
    state: outcome.state,
    context: {
      ownerAppId: context.ownerAppId(thread, event),
      previousOwnerAppId: context.previousOwnerAppId(thread, event),
      entryPoint: context.entryPoint(thread, event),
      ownerSince: context.ownerSince(thread, event),
      lastUserEventAt: context.lastUserEventAt(thread, event),
      pendingReferral: context.pendingReferral(thread, event),
    },
    effects: effects.map((effect) => effect(thread, event)),
    refused: outcome.refused,
    deadline: outcome.deadline,
  };
}

function casesOf(state: ThreadState, type: MachineEvent['type']): Map<number, Remembered> {
  let types = cases.get(state);
  if (types === undefined) cases.set(state, (types = new Map<MachineEvent['type'], Map<number, Remembered>>()));
  let known = types.get(type);
  if (known === undefined) types.set(type, (known = new Map<number, Remembered>()));
  return known;
}

const standIns = {
  context: {
    ownerAppId: appId('$owner'),
    previousOwnerAppId: appId('$previous'),
    entryPoint: { type: 'organic', adId: '$entry', ref: null },
    ownerSince: -1,
    lastUserEventAt: -2,
    pendingReferral: { type: 'organic', adId: '$pending', ref: null },
  },
  event: {
    at: -3,
    defaultAppId: appId('$default'),
    assigneeAppId: appId('$assignee'),
    callerAppId: appId('$caller'),
    targetAppId: appId('$target'),
    entryPoint: { type: 'organic', adId: '$entered', ref: null },
  },
} as const satisfies { context: ThreadContext; event: Partial<MachineEvent> };

/** What each stand-in stands for. */
const standsFor = new Map<unknown, (thread: Thread, event: MachineEvent) => unknown>([
  ...contextFields.map((field) => [standIns.context[field], (thread: Thread) => thread[field]] as const),
  ...eventFields.map((field) => [standIns.event[field], (_: Thread, event: MachineEvent) => event[field]] as const),
]);

/** The same record with every value that is not null replaced by its stand-in. */
function placeholders<Fields extends object>(
  values: Fields,
  stand: { readonly [Name in keyof Fields]?: Fields[Name] },
) {
  const replaced = Object.entries(stand).map(([name, value]) => [
    name,
    Reflect.get(values, name) === null ? null : value,
  ]);
  return Object.fromEntries(replaced) as Fields;
}

function remember(outcome: MachineOutcome): Remembered {
  const { context } = outcome;
  return {
    outcome,
    context: {
      ownerAppId: sourceOf(context.ownerAppId),
      previousOwnerAppId: sourceOf(context.previousOwnerAppId),
      entryPoint: sourceOf(context.entryPoint),
      ownerSince: sourceOf(context.ownerSince),
      lastUserEventAt: sourceOf(context.lastUserEventAt),
      pendingReferral: sourceOf(context.pendingReferral),
    },
    effects: outcome.effects.map((effect): Source<Effect> => {
      const { type } = effect;
      switch (type) {
        case 'tellPass': {
          const to = sourceOf(effect.to);
          const previous = sourceOf(effect.previousOwnerAppId);
          return (...given) => ({ type, to: to(...given), previousOwnerAppId: previous(...given) });
        }
        case 'tellTake': {
          const from = sourceOf(effect.from);
          const newOwner = sourceOf(effect.newOwnerAppId);
          return (...given) => ({ type, from: from(...given), newOwnerAppId: newOwner(...given) });
        }
        case 'tellOwner': {
          const owner = sourceOf(effect.ownerAppId);
          return (...given) => ({ type, ownerAppId: owner(...given) });
        }
        case 'tellEveryone':
          return () => effect;
      }
    }),
  };
}

/** Where a value comes from that is a stand-in; any other is the same every time. */
function sourceOf<T>(value: T): Source<T> {
  const lookUp = standsFor.get(value);
  return lookUp === undefined ? () => value : (thread, event) => lookUp(thread, event) as T;
}
