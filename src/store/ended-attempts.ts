import type { DeliveryKey } from '../domain/delivery-id.js';
import type { AppId, ThreadKey } from '../domain/ids.js';
import { Signal } from '../telemetry/signals.js';

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
  readonly #ended = new Signal<readonly EndedAttempt[]>();

  /** Calls `listener` after each POST until the returned function is called. */
  subscribe(listener: EndedAttemptsListener): () => void {
    return this.#ended.listen(listener);
  }

  /** Whether nobody watches, so that nothing need be prepared. */
  get isUnwatched(): boolean {
    return this.#ended.isUnheard;
  }

  publish(attempts: readonly EndedAttempt[]): void {
    this.#ended.tell(attempts);
  }
}
