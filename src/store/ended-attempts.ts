import type { DeliveryKey } from '../domain/delivery-id.js';
import type { AppId, ThreadKey } from '../domain/ids.js';

/** One try of one delivery, over. */
export interface EndedAttempt extends DeliveryKey, ThreadKey {
  readonly appId: AppId;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The HTTP status; null without an answer. */
  readonly status: number | null;
  readonly durationMs: number;
  /** Null: the app acknowledged it. */
  readonly error: string | null;
}

export type EndedAttemptsListener = (attempts: readonly EndedAttempt[]) => void;

/**
 * From the dispatcher to whoever watches: tries of deliveries as they end in this process. A shortcut, which also tells of
 * those that are not kept; tries made by other instances are found in the store.
 */
export class EndedAttempts {
  readonly #listeners = new Set<EndedAttemptsListener>();

  /** Calls `listener` after each POST until the returned function is called. A listener must not throw. */
  subscribe(listener: EndedAttemptsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether nobody watches, so that nothing need be prepared. */
  get isUnwatched(): boolean {
    return this.#listeners.size === 0;
  }

  publish(attempts: readonly EndedAttempt[]): void {
    for (const listener of this.#listeners) listener(attempts);
  }
}
