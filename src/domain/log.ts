import type { AppId, PageId, Psid } from './ids.js';
import type { Notice } from './notice.js';
import type { Refusal } from './thread/refusal.js';
import type { FactName, MachineEvent, ThreadEvent } from './thread/thread.events.js';
import type { Thread } from './thread/thread.js';

/** Who made an event happen, and how it can be traced. */
export interface Cause {
  readonly by: 'person' | 'app' | 'operator' | 'timer' | 'system';
  /** The app that called, if one did. */
  readonly appId?: AppId;
  /** An operator's reason, or what the system noticed. */
  readonly reason?: string;
  /** The request this came in with. */
  readonly traceId?: string;
  /** Hash of the request, for calls with an idempotency key. */
  readonly requestHash?: string;
  /** The position in the lane of the `app.send` whose outcome this is. */
  readonly sendId?: number;
  /** An app that a route names but that is not connected: the route was skipped. */
  readonly skippedAppId?: AppId;
}

/** A machine event as it is stored: the facts that were true, by name. */
export interface LoggedEvent extends Omit<MachineEvent, 'facts' | 'at'> {
  readonly facts: readonly FactName[];
}

/**
 * One row of the log: one event of one thread, applied or refused, and everything that followed from it. Rows of a lane
 * are numbered in commit order; all rows of a thread are in one lane.
 */
export interface LogRow {
  readonly lane: number;
  /** Position in the lane. May have holes after a deletion. */
  readonly id: number;
  readonly pageId: PageId;
  readonly psid: Psid;
  /** The page's id or its Instagram account's, as webhooks name it. */
  readonly businessId: string;
  readonly type: ThreadEvent['type'];
  /** What makes the event itself: the same source id within a lane and day is the same event. */
  readonly sourceId: string;
  /** When it was decided, by the database's clock; milliseconds since 1970. */
  readonly at: number;
  /** When it happened, by the platform's clock; milliseconds since 1970. */
  readonly occurredAt: number;
  /** The item of `entry[].messaging[]` as wire JSON; null for events that carry none. */
  readonly payload: string | null;
  /** There was a payload, and it is too old to be kept. */
  readonly payloadRemoved?: true;
  readonly event: LoggedEvent;
  readonly cause: Cause;
  readonly notices: readonly Notice[];
  readonly refusal: Refusal | null;
  /** The thread after the event: all of it, so that no older row is needed to know it. */
  readonly thread: Thread;
}
