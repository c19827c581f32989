/**
 * Tells whoever listens what has happened. For what nobody has to wait for: metrics, browsers that watch, followers of the
 * log. A listener that throws keeps neither the others nor whoever tells from going on.
 */
export class Signal<Told> {
  readonly #listeners = new Set<(told: Told) => void>();

  tell(told: Told): void {
    for (const listener of this.#listeners) {
      try {
        listener(told);
      } catch (error) {
        // Nobody's to handle here, and still not to be overlooked: it ends with the process's last resort.
        setImmediate(() => {
          throw error;
        });
      }
    }
  }

  /** Answers how to stop listening. */
  listen(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether nobody listens, so that nothing need be prepared. */
  get isUnheard(): boolean {
    return this.#listeners.size === 0;
  }
}

/*
 * What parts tell of their work, for whoever counts it: nobody's business but the metrics', so that no part has to be
 * handed a counter. In a process with several servers, as in tests, every one of them hears all.
 */

/** The interfaces of the server, as metrics name them. */
export type InterfaceName = 'admin' | 'graph' | 'ingress' | 'operating';

/** An HTTP request was answered. */
export const requestAnswered = new Signal<{
  readonly interface: InterfaceName;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
}>();

/** Somebody was turned away: without a valid token, or a webhook without a valid signature. */
export const accessRefused = new Signal<{ readonly interface: InterfaceName }>();

/** The statement of a batch ended; some of its lanes may have moved on meanwhile. */
export const batchCommitted = new Signal<{ readonly events: number; readonly durationMs: number }>();

/** What came in could not be routed and is kept in quarantine. */
export const quarantined = new Signal<{ readonly reason: string; readonly count: number }>();

/** A POST to an app ended. */
export const webhookPosted = new Signal<{
  readonly appId: string;
  readonly outcome: 'acknowledged' | 'refused' | 'failed' | 'unreachable';
  readonly deliveries: number;
  readonly durationMs: number;
}>();

/** A callback was not connected to, because its address leads where it must not. */
export const addressBlocked = new Signal<void>();
