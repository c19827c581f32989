import { threadName } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { StalledRecord } from '../store/cursor.store.js';
import { backOffMs, isPastHorizon } from './back-off.js';
import { type Desk, noticesFor } from './desk.js';
import { type Delivery, type LaneProgress, pairName, type StalledPair } from './lane-progress.js';
import type { Outlet, PostFailure } from './outlet.js';

const rowsPerRead = 50;

/**
 * Threads that hold up only themselves. A delivery that fails puts its thread, for that app, aside; the lane goes on, and
 * what else the thread gets waits in the log until the first delivery succeeds or is given up. Then it is read back from
 * there, in order, until nothing was passed over any more.
 */
export class StalledPairs {
  constructor(private readonly desk: Desk) {}

  /**
   * Puts a thread aside: the delivery that failed, or could not be kept in memory, and what was queued behind it.
   *
   * @param failure null if it was not tried
   */
  stall(outlet: Outlet, delivery: Delivery, failure: PostFailure | null, behind: readonly Delivery[]): void {
    const { lane, row, thread } = delivery;
    const now = this.desk.clock.now();
    const pair: StalledPair = {
      lane,
      outlet,
      appId: outlet.appId,
      pageId: row.pageId,
      psid: row.psid,
      thread,
      firstId: row.id,
      firstNotice: delivery.notice,
      attempts: delivery.attempts,
      // What was owed already waited; what comes straight from the log may only be old because nobody was dispatching.
      failingSince: delivery.source.kind === 'owed' ? Math.min(row.at, now) : now,
      nextAttemptAt: now,
      lastError: failure?.error ?? '',
      skippedThrough: Math.max(row.id, ...behind.map((other) => other.row.id)),
      busy: false,
      outstanding: 0,
      loadedThrough: 0,
    };
    if (failure !== null) this.#schedule(pair, failure);
    lane.stalled.set(pairName(outlet.appId, thread), pair);
    outlet.stalled.add(pair);
    this.#changed(pair);
    this.desk.settle(delivery);
    for (const other of behind) this.desk.settle(other);
  }

  /** Takes up what an earlier holder of the lane had put aside. */
  restore(lane: LaneProgress, outlet: Outlet, record: StalledRecord): void {
    const thread = threadName(record);
    const pair: StalledPair = {
      ...record,
      lane,
      outlet,
      thread,
      firstNotice: 0,
      skippedThrough: record.skippedThrough === 0 ? lane.frontier : record.skippedThrough,
      busy: false,
      outstanding: 0,
      loadedThrough: 0,
    };
    lane.stalled.set(pairName(record.appId, thread), pair);
    outlet.stalled.add(pair);
    outlet.stalledDueAt = Math.min(outlet.stalledDueAt, pair.nextAttemptAt);
  }

  /** It was tried again and failed again. */
  failedAgain(pair: StalledPair, delivery: Delivery, failure: PostFailure): void {
    pair.outlet.takeQueue(pair.thread);
    if (pair.firstId !== delivery.row.id) pair.failingSince = this.desk.clock.now();
    pair.firstId = delivery.row.id;
    pair.firstNotice = delivery.notice;
    pair.attempts = delivery.attempts;
    pair.outstanding = 0;
    pair.busy = false;
    this.#schedule(pair, failure);
    this.#changed(pair);
  }

  /** The first of its deliveries under way went through, or was dropped. */
  async settled(pair: StalledPair, delivery: Delivery): Promise<void> {
    pair.firstId = delivery.row.id;
    pair.firstNotice = delivery.notice + 1;
    pair.attempts = 0;
    pair.outstanding -= 1;
    this.#changed(pair);
    if (pair.outstanding > 0) return;
    pair.firstId = pair.loadedThrough + 1;
    pair.firstNotice = 0;
    await this.#start(pair, true);
  }

  /** The app is well again: nobody waits for a later attempt. */
  releaseAll(outlet: Outlet): void {
    const now = this.desk.clock.now();
    for (const pair of outlet.stalled) pair.nextAttemptAt = Math.min(pair.nextAttemptAt, now);
    outlet.stalledDueAt = now;
  }

  /** Tries one that is due; false if none is. */
  async retryDue(outlet: Outlet): Promise<boolean> {
    const now = this.desk.clock.now();
    if (outlet.stalledDueAt > now) return false;
    let next: StalledPair | undefined;
    let laterAt = Infinity;
    for (const pair of outlet.stalled) {
      if (pair.busy || pair.lane.leaving) continue;
      if (next === undefined || pair.nextAttemptAt < next.nextAttemptAt) {
        laterAt = next?.nextAttemptAt ?? laterAt;
        next = pair;
      } else {
        laterAt = Math.min(laterAt, pair.nextAttemptAt);
      }
    }
    if (next === undefined || next.nextAttemptAt > now) {
      outlet.stalledDueAt = next?.nextAttemptAt ?? Infinity;
      return false;
    }
    outlet.stalledDueAt = laterAt;
    await this.#start(next, true);
    return true;
  }

  /** Tries the one that was tried least, whenever it is due: the app's breaker asks. False if there is none. */
  async probe(outlet: Outlet): Promise<boolean> {
    let least: StalledPair | undefined;
    for (const pair of outlet.stalled) {
      if (pair.busy || pair.lane.leaving) continue;
      if (least === undefined || pair.attempts < least.attempts) least = pair;
    }
    if (least === undefined) return false;
    await this.#start(least, true);
    return true;
  }

  /** Gives up what is past the horizon, whether or not the app takes deliveries. */
  async expire(outlet: Outlet): Promise<void> {
    const { clock, horizonMs } = this.desk;
    for (const pair of [...outlet.stalled]) {
      if (!pair.busy && !pair.lane.leaving && isPastHorizon(pair.failingSince, clock.now(), horizonMs)) {
        await this.#start(pair, !outlet.isHeld);
      }
    }
  }

  forget(pair: StalledPair): void {
    pair.lane.stalled.delete(pairName(pair.appId, pair.thread));
    pair.outlet.stalled.delete(pair);
  }

  #schedule(pair: StalledPair, failure: PostFailure): void {
    const { clock, random } = this.desk;
    const { retryAfterMs, error } = failure;
    const appIsWell = pair.outlet.lastAcknowledgedAt > pair.failingSince;
    const failed = { attemptCount: pair.attempts, appIsWell, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    pair.nextAttemptAt = clock.now() + backOffMs(failed, random());
    pair.lastError = error;
    pair.outlet.stalledDueAt = Math.min(pair.outlet.stalledDueAt, pair.nextAttemptAt);
  }

  async #start(pair: StalledPair, maySend: boolean): Promise<void> {
    pair.busy = true;
    try {
      await this.#goOn(pair, maySend);
    } catch (error) {
      pair.busy = false;
      pair.outlet.stalledDueAt = Math.min(pair.outlet.stalledDueAt, pair.nextAttemptAt);
      throw error;
    }
  }

  /** Reads what comes next of the thread and sends it, or ends the stall if nothing is left. */
  async #goOn(pair: StalledPair, maySend: boolean): Promise<void> {
    for (;;) {
      // Rows passed over after this moment may be missing from the answer; they are read in another round.
      const through = pair.skippedThrough;
      const read = await this.desk.log.rowsOfThread(pair, pair.firstId - 1, rowsPerRead);
      if (!pair.lane.active) return;
      const rows = read.filter((row) => row.id <= through);
      const last = read.at(-1);
      pair.loadedThrough = read.length < rowsPerRead || last === undefined ? through : Math.min(last.id, through);
      const deliverable = this.#withoutOverdue(pair, rows);
      if (deliverable.length > 0) {
        this.#changed(pair);
        if (maySend) this.#offer(pair, deliverable);
        else pair.busy = false;
        return;
      }
      if (pair.loadedThrough >= pair.skippedThrough) {
        this.forget(pair);
        const { appId, pageId, psid } = pair;
        const key = { lane: pair.lane.lane, appId, pageId, psid };
        pair.lane.stalledChanges.set(pairName(appId, pair.thread), key);
        return;
      }
      pair.firstId = pair.loadedThrough + 1;
      pair.firstNotice = 0;
    }
  }

  #withoutOverdue(pair: StalledPair, rows: readonly LogRow[]): { row: LogRow; notice: number }[] {
    const { clock, horizonMs } = this.desk;
    const now = clock.now();
    const deliverable: { row: LogRow; notice: number }[] = [];
    for (const row of rows) {
      const isFirst = row.id === pair.firstId;
      const overdue = isPastHorizon(isFirst ? pair.failingSince : row.at, now, horizonMs);
      for (const notice of noticesFor(row, pair.appId)) {
        if (isFirst && notice < pair.firstNotice) continue;
        if (overdue) this.desk.giveUp(pair.lane, row, notice, overdueReason(isFirst ? pair.lastError : ''));
        else deliverable.push({ row, notice });
      }
    }
    const [first] = deliverable;
    if (first !== undefined && first.row.id !== pair.firstId) {
      pair.firstId = first.row.id;
      pair.firstNotice = first.notice;
      pair.attempts = 0;
      pair.failingSince = first.row.at;
      pair.nextAttemptAt = Math.min(pair.nextAttemptAt, now);
    }
    return deliverable;
  }

  #offer(pair: StalledPair, deliverable: readonly { row: LogRow; notice: number }[]): void {
    pair.outstanding = deliverable.length;
    deliverable.forEach(({ row, notice }, index) => {
      const attempts = index === 0 ? pair.attempts : 0;
      this.desk.offer(pair.lane, pair.appId, row, notice, { kind: 'stalled', pair }, attempts);
    });
    pair.outlet.pump();
  }

  #changed(pair: StalledPair): void {
    pair.lane.stalledChanges.set(pairName(pair.appId, pair.thread), pair);
  }
}

/** Why something past the horizon was given up, with what was wrong last. */
export function overdueReason(lastError: string): string {
  return lastError === '' ? 'not acknowledged in time' : `not acknowledged in time: ${lastError}`;
}
