import type { ThreadKey } from '../domain/ids.js';
import type { Cause, LogRow } from '../domain/log.js';
import type { Channel } from '../domain/page.js';
import type { Refusal } from '../domain/thread/refusal.js';
import type { ThreadEvent } from '../domain/thread/thread.events.js';
import type { Thread } from '../domain/thread/thread.js';

/** One event handed to the router. */
export interface SubmittedEvent {
  readonly event: ThreadEvent;
  /** What makes the event itself: kind and mid, or kind and content hash, or a random value for verbs and sends. */
  readonly sourceId: string;
  /** The platform's own timestamp in milliseconds since 1970; null: when it is decided. */
  readonly occurredAt: number | null;
}

/** Events of one thread that are decided together, in order, all or none. */
export interface Submission {
  readonly key: ThreadKey;
  /** The channel the caller means; null where the caller cannot know it (an operator). */
  readonly channel: Channel | null;
  readonly events: readonly SubmittedEvent[];
  /**
   * What is to follow once the outside world has done its part: decided on top, so that what would be refused then is
   * refused now, and not kept.
   */
  readonly rehearsed?: readonly SubmittedEvent[];
  readonly cause: Cause;
  /** Refuse unless the thread still has this version. */
  readonly ifVersion?: number;
  /** The same key again gives the same answer and does nothing; with another `requestHash` it is refused. */
  readonly idempotency?: { readonly sourceId: string; readonly requestHash: string };
}

/** What became of a submission. Everything but `applied` left state and owner as they were. */
export type Outcome =
  /** `before` and `thread`: as it stood before and after, with everything overdue applied. */
  | { readonly result: 'applied'; readonly before: Thread; readonly thread: Thread; readonly rows: readonly LogRow[] }
  /** It had been committed before; `rows` are the rows of then. */
  | { readonly result: 'duplicate'; readonly rows: readonly LogRow[] }
  | { readonly result: 'refused'; readonly refusal: Refusal; readonly thread: Thread; readonly rows: readonly LogRow[] }
  /** Only a person's own event starts a thread. */
  | { readonly result: 'unknown_person' }
  | { readonly result: 'unknown_page' }
  /** It happened before the person was erased, so it is not taken again. */
  | { readonly result: 'erased' }
  /** The person is on the page's other channel. */
  | { readonly result: 'wrong_channel'; readonly channel: Channel }
  | { readonly result: 'version_mismatch'; readonly thread: Thread }
  | { readonly result: 'key_reused' }
  /** The database refuses this event's data; it is in quarantine. */
  | { readonly result: 'quarantined'; readonly reason: string };

/** The router cannot take more now: too much is waiting, or the database does not answer. Whether a submission that was
 * under way is committed may be unknown; sending the same again has one effect. */
export class RouterBusyError extends Error {
  override name = 'RouterBusyError';
}
