import type { AppId, Mid } from '../ids.js';
import type { Channel } from '../page.js';
import type { EntryPoint } from './thread.js';

/** What a person may do. `user.referral` is a tapped ad or an opened link that carries no message. */
export const userEventTypes = [
  'user.message',
  'user.postback',
  'user.get_started',
  'user.referral',
  'user.reaction',
  'user.read',
  'user.delivery',
  'user.edit',
  'user.unsend',
  'user.optin',
  'user.other',
] as const;
export type UserEventType = (typeof userEventTypes)[number];

/** An ad or a link that a person came through. */
export interface Referral {
  readonly adId: string | null;
  readonly ref: string | null;
}

/** Something a person did, as the channel reports it. */
export interface UserEvent {
  readonly type: UserEventType;
  readonly channel: Channel;
  /** One item of `entry[].messaging[]` as wire JSON (see `wire-json.ts`), the same bytes every app receives. */
  readonly payload: string;
  readonly mid: Mid | null;
  readonly referral: Referral | null;
  /** The app whose button was tapped: its payload is for that app only. Null for buttons that belong to the page. */
  readonly buttonAppId: AppId | null;
}

/** Tags that allow a message outside the messaging window. */
export type MessageTag = 'HUMAN_AGENT' | 'CUSTOMER_FEEDBACK';

/** An app writes to the person. */
export interface AppSend {
  readonly type: 'app.send';
  readonly callerAppId: AppId;
  readonly tag: MessageTag | null;
  /** Null: an intent. Control is checked now, and whatever the message does it does once the platform has taken it. */
  readonly mid: Mid | null;
  /** The echo: one item of `entry[].messaging[]` as wire JSON; of an intent, what is to be sent. */
  readonly payload: string;
}

/** The platform has taken a message of an app: that is a fact, whoever owns the thread by now. */
export interface AppSent {
  readonly type: 'app.sent';
  readonly callerAppId: AppId;
  readonly tag: MessageTag | null;
  readonly mid: Mid;
  /** The echo: one item of `entry[].messaging[]` as wire JSON. */
  readonly payload: string;
}

/** The platform has not taken a message of an app, or has not said in time whether it has. */
export interface AppFailed {
  readonly type: 'app.failed';
  readonly callerAppId: AppId;
  /** What the platform said, as wire JSON. */
  readonly payload: string;
}

/** Somebody answered the person past us: in the platform's own inbox, on a phone, or its AI. */
export interface OutsideReply {
  readonly type: 'outside.reply';
  readonly mid: Mid;
  /** The echo: one item of `entry[].messaging[]` as wire JSON. */
  readonly payload: string;
}

/** The platform has given the thread to another of the page's apps there, or to its own inbox. */
export interface OutsideTake {
  readonly type: 'outside.take';
  /** The platform's own handover event: one item of `entry[].messaging[]` as wire JSON. */
  readonly payload: string;
}

/** The platform has given the thread back to us. */
export interface OutsideReturn {
  readonly type: 'outside.return';
  readonly metadata: string | null;
  /** As for a take. */
  readonly payload: string;
}

/** An app shows that it types, has read, or reacts: nothing that moves control. */
export interface AppAction {
  readonly type: 'app.action';
  readonly callerAppId: AppId;
  readonly action: 'typing_on' | 'typing_off' | 'mark_seen' | 'react' | 'unreact';
  /** What the person's side shows, as wire JSON. */
  readonly payload: string;
}

/** The app in control gives it away; `targetAppId` null means the default app. */
export interface ControlPass {
  readonly type: 'control.pass';
  readonly callerAppId: AppId;
  readonly targetAppId: AppId | null;
  readonly metadata: string | null;
}

/** The app in control ends the conversation. An inbox's Done is this. */
export interface ControlRelease {
  readonly type: 'control.release';
  readonly callerAppId: AppId;
}

/** The Handover Protocol's calls that routing never allows. */
export interface ControlForbidden {
  readonly type: 'control.take' | 'control.request' | 'control.extend' | 'control.pass_metadata';
  readonly callerAppId: AppId;
}

/** An operator moves a thread. */
export interface OperatorPass {
  readonly type: 'operator.pass';
  readonly targetAppId: AppId;
}

/** A person at an inbox moves a thread to Main: the inbox takes control, whoever has it. */
export interface InboxTake {
  readonly type: 'inbox.take';
  readonly callerAppId: AppId;
}

export interface OperatorRelease {
  readonly type: 'operator.release';
}

/** The control window has ended. Applied before anything else that happens at or after the deadline. */
export interface ControlExpired {
  readonly type: 'control.expired';
}

/** The owner is no longer connected to the page. Applied before the thread's next event. */
export interface AppDisconnected {
  readonly type: 'app.disconnected';
}

/** Everything that may happen to a thread. There is no other way to change one. */
export type ThreadEvent =
  | UserEvent
  | AppSend
  | AppSent
  | AppFailed
  | OutsideReply
  | OutsideTake
  | OutsideReturn
  | AppAction
  | ControlPass
  | ControlRelease
  | ControlForbidden
  | OperatorPass
  | InboxTake
  | OperatorRelease
  | ControlExpired
  | AppDisconnected;

const userTypes: ReadonlySet<string> = new Set(userEventTypes);

/** Whether the event is something the person did. */
export function isUserEvent(event: ThreadEvent): event is UserEvent {
  return userTypes.has(event.type);
}

/**
 * The facts the machine's guards read, each computed beforehand from the thread, the event and the page. The log stores
 * them by their position: a new one goes to the end, and none is ever taken out.
 */
export const factNames = [
  'defaultAppSet',
  'hasAssignee',
  'assigneeIsDefaultApp',
  'assigneeIsEffectiveOwner',
  'opensMessagingWindow',
  'callerConnected',
  'callerIsEffectiveOwner',
  'callerMayTakeControl',
  'humanAgentTag',
  'intent',
  'windowAllows',
  'markSeen',
  'hasTarget',
  'targetConnected',
  'targetIsCaller',
  'targetIsRecordedOwner',
  'deadlineReached',
  'ownerDisconnected',
] as const;
export type FactName = (typeof factNames)[number];
export type Facts = Readonly<Record<FactName, boolean>>;

/** What the machine is given: the event's type, its facts, and the values its actions move into the context. */
export interface MachineEvent {
  readonly type: Exclude<ThreadEvent['type'], 'control.expired'> | TimerId;
  /** Milliseconds since 1970, by the database's clock. */
  readonly at: number;
  readonly facts: Facts;
  readonly defaultAppId: AppId | null;
  readonly assigneeAppId: AppId | null;
  readonly callerAppId: AppId | null;
  readonly targetAppId: AppId | null;
  readonly entryPoint: EntryPoint | null;
}

/** The id XState gives the `after` of an owned state; firing it is sending an event of this type. */
export type TimerId = `xstate.after.controlWindow.thread.${'default-owned' | 'marketing-owned' | 'passed'}`;
