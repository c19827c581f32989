import type { Clock } from '../clock/clock.js';
import type { AppId } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { CursorStore } from '../store/cursor.store.js';
import type { LogStore } from '../store/log.store.js';
import type { Delivery, DeliverySource, LaneProgress } from './lane-progress.js';

/** What the dispatcher's parts share. */
export interface Desk {
  readonly clock: Clock;
  readonly log: LogStore;
  readonly cursors: CursorStore;
  /** How long a delivery is tried. */
  readonly horizonMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Queues one notice of a row for an app. */
  offer(lane: LaneProgress, appId: AppId, row: LogRow, notice: number, source: DeliverySource, attempts?: number): void;
  /** Whoever the delivery came from waits for it no longer. */
  settle(delivery: Delivery): void;
  /** Makes a dead letter of one notice of a row. */
  giveUp(lane: LaneProgress, row: LogRow, notice: number, reason: string): void;
}

/** Which of a row's notices are an app's, in order. */
export function noticesFor(row: LogRow, appId: AppId): number[] {
  const found: number[] = [];
  row.notices.forEach((notice, index) => {
    if (notice.appId === appId) found.push(index);
  });
  return found;
}
