import type { AppId } from '../ids.js';
import type { ThreadState } from './thread.js';

/** Why the machine refuses an event. Public codes: `docs/errors.md` lists each. */
export const refusalReasons = [
  'app_not_connected',
  'thread_not_owned',
  'window_closed',
  'pass_not_owner',
  'release_not_owner',
  'no_default_app',
  'target_not_connected',
  'target_is_caller',
  'target_is_owner',
  'already_released',
  'routing_on',
  'routing_off',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** What was refused and how the thread stood: enough to explain it to a person. Times in milliseconds since 1970. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly state: ThreadState;
  /** Who controls the thread: the recorded owner, or the default app of a released thread. */
  readonly effectiveOwnerAppId: AppId | null;
  readonly ownerSince: number | null;
  readonly expiresAt: number | null;
  /** Until when the caller could have written. */
  readonly windowExpiresAt: number | null;
}
