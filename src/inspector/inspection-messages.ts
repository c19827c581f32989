import type { LogRow } from '../domain/log.js';
import { factNames, type FactName } from '../domain/thread/thread.events.js';
import { newThread, type Thread, type ThreadContext } from '../domain/thread/thread.js';
import type { FollowedRow } from '../store/live.store.js';
import { logEntryId } from '../views/log.view.js';
import { machineDefinition, type Guard, type Transition } from '../views/machine-definition.js';

/*
 * The messages of @statelyai/inspect, as its own inspector sends them and its receiver reads them. They are made here and
 * not by the package: there is no running actor to inspect, only the log, and the package would bring clients of other
 * hosts into the server.
 */

/** The version of the package whose messages these are. */
const version = '0.7.2';

/** What the machine was given, and why it did not want it. The text of a message is no part of it, and never comes here. */
export interface InspectedEvent {
  readonly type: string;
  readonly facts: Readonly<Record<FactName, boolean>>;
  /** Why nothing changed; null: the event was applied. */
  readonly refusal: string | null;
  readonly [value: string]: unknown;
}

interface Snapshot {
  readonly status: 'active';
  readonly value: string;
  readonly context: Partial<ThreadContext>;
  readonly children: Readonly<Record<string, never>>;
  readonly historyValue: Readonly<Record<string, never>>;
  readonly tags: readonly never[];
}

interface MessageOf<Type extends string> {
  readonly type: Type;
  /** The actor: a thread, by its key. */
  readonly sessionId: string;
  readonly rootId: string;
  readonly id: string | null;
  /** Milliseconds since 1970, as a string. */
  readonly createdAt: string;
  readonly _version: string;
}
export interface ActorMessage extends MessageOf<'@xstate.actor'> {
  readonly name: string;
  /** The machine as JSON text. */
  readonly definition: string;
  readonly snapshot: Snapshot;
}
export interface EventMessage extends MessageOf<'@xstate.event'> {
  readonly event: InspectedEvent;
}
export interface SnapshotMessage extends MessageOf<'@xstate.snapshot'> {
  readonly event: InspectedEvent;
  readonly snapshot: Snapshot;
}
export type InspectionMessage = ActorMessage | EventMessage | SnapshotMessage;

/** The thread a row is about, as an actor's session id. */
export function sessionIdOf({ pageId, psid }: Pick<LogRow, 'pageId' | 'psid'>): string {
  return `${pageId}/${psid}`;
}

/** Introduces a thread, as it stood before a row of it. */
export function actorMessage({ row, before }: FollowedRow): ActorMessage {
  const snapshot =
    before === null
      ? snapshotOf(newThread(row.pageId, row.psid, row.thread.channel))
      : { ...idle, value: before.state, context: { ownerAppId: before.ownerAppId } };
  return {
    ...message('@xstate.actor', row, null),
    name: sessionIdOf(row),
    definition,
    snapshot,
  };
}

/** What a row of the log says: the event, and how the thread stands after it. */
export function rowMessages({ row }: FollowedRow): readonly [EventMessage, SnapshotMessage] {
  const event = eventOf(row);
  return [
    { ...message('@xstate.event', row, logEntryId(row)), event },
    { ...message('@xstate.snapshot', row, null), event, snapshot: snapshotOf(row.thread) },
  ];
}

function message<Type extends string>(type: Type, row: LogRow, id: string | null): MessageOf<Type> {
  const sessionId = sessionIdOf(row);
  return { type, sessionId, rootId: sessionId, id, createdAt: String(row.at), _version: version };
}

function eventOf({ event, at, cause, refusal }: LogRow): InspectedEvent {
  const held = new Set(event.facts);
  // Each member is named: whatever else an event may get some day stays here.
  return {
    type: event.type,
    at,
    by: cause.by,
    facts: Object.fromEntries(factNames.map((name) => [name, held.has(name)])) as Record<FactName, boolean>,
    defaultAppId: event.defaultAppId,
    assigneeAppId: event.assigneeAppId,
    callerAppId: event.callerAppId,
    targetAppId: event.targetAppId,
    entryPoint: event.entryPoint,
    refusal: refusal?.reason ?? null,
  };
}

const idle = { status: 'active', children: {}, historyValue: {}, tags: [] } as const;

function snapshotOf(thread: Thread): Snapshot {
  const { ownerAppId, previousOwnerAppId, entryPoint, ownerSince, lastUserEventAt, pendingReferral } = thread;
  return {
    ...idle,
    value: thread.state,
    context: { ownerAppId, previousOwnerAppId, entryPoint, ownerSince, lastUserEventAt, pendingReferral },
  };
}

/** The machine for whoever draws it: guards that combine others by one name, as drawing programs know no other. */
const definition = definitionText();

function definitionText(): string {
  const { id, initial, states } = machineDefinition();
  const shown = Object.entries(states).map(([name, { on, after }]) => [
    name,
    { on: drawnOf(on), after: drawnOf(after) },
  ]);
  return JSON.stringify({ id, initial, states: Object.fromEntries(shown) as object });
}

function drawnOf(byEvent: Readonly<Record<string, readonly Transition[]>>): object {
  return Object.fromEntries(Object.entries(byEvent).map(([event, transitions]) => [event, transitions.map(drawn)]));
}

function drawn({ guard, target, actions }: Transition): object {
  return {
    ...(guard !== undefined && { guard: { type: nameOfGuard(guard) } }),
    ...(target !== null && { target }),
    actions: actions.map(({ type, reason }) => ({ type, ...(reason !== null && { params: { reason } }) })),
  };
}

function nameOfGuard(guard: Guard): string {
  if (typeof guard === 'string') return guard;
  const names = guard.guards.map(nameOfGuard);
  return guard.type === 'not' ? `not ${names.join('')}` : names.join(' and ');
}
