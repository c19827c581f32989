import type { LogRow } from '../domain/log.js';
import { Signal } from '../telemetry/signals.js';

/** Receives a lane's rows right after their commit, in order, in the process that committed them. */
export type CommittedRowsListener = (lane: number, rows: readonly LogRow[]) => void;

/**
 * The nudge from the router to whoever follows the log: rows of a lane as they are committed by this process. Only a
 * shortcut: rows of other instances do not pass here, so everyone who must see all of them also polls the log.
 */
export class CommittedRows {
  readonly #committed = new Signal<{ readonly lane: number; readonly rows: readonly LogRow[] }>();

  /** Calls `listener` after each commit until the returned function is called. */
  subscribe(listener: CommittedRowsListener): () => void {
    return this.#committed.listen(({ lane, rows }) => listener(lane, rows));
  }

  publish(lane: number, rows: readonly LogRow[]): void {
    this.#committed.tell({ lane, rows });
  }
}
