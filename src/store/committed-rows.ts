import type { LogRow } from '../domain/log.js';

/** Receives a lane's rows right after their commit, in order, in the process that committed them. */
export type CommittedRowsListener = (lane: number, rows: readonly LogRow[]) => void;

/**
 * The nudge from the router to whoever follows the log: rows of a lane as they are committed by this process. Only a
 * shortcut: rows of other instances do not pass here, so everyone who must see all of them also polls the log.
 */
export class CommittedRows {
  readonly #listeners = new Set<CommittedRowsListener>();

  /** Calls `listener` after each commit until the returned function is called. A listener must not throw. */
  subscribe(listener: CommittedRowsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(lane: number, rows: readonly LogRow[]): void {
    for (const listener of this.#listeners) listener(lane, rows);
  }
}
