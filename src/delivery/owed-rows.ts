import { threadName } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { OwedBlock, OwedSummary } from '../store/cursor.store.js';
import { isPastHorizon } from './back-off.js';
import { type Desk, noticesFor } from './desk.js';
import { type Lag, type LaneProgress, type OwedRun, pairName, passOver } from './lane-progress.js';
import { OpenRows } from './open-rows.js';
import type { Outlet } from './outlet.js';
import { overdueReason } from './stalled-pairs.js';

/** Ids in one block. */
const blockSizeMax = 1_000;
/** Names of blocks with rows that go first lie this far below the rows' own numbers. */
const earlyNameShift = 10 ** 15;
/** Rows read at once while a block is drained: bounds what an app that comes back holds in memory. */
const rowsPerRead = 100;
/** More threads than this put aside one by one, and the app as a whole is treated as not keeping up. */
export const stalledPairsMax = 10_000;

/**
 * What an app is owed in a lane while it takes nothing, or too little. The lane's position goes on without it; the ids
 * are written in blocks with the same statement that moves the position, so neither can be lost without the other. When
 * the app is back they are read and sent in order, and when all are, the app follows the lane again.
 */
export class OwedRows {
  constructor(private readonly desk: Desk) {}

  /** The app stops following the lane. */
  begin(lane: LaneProgress, outlet: Outlet, oldestAt: number): Lag {
    const lag: Lag = {
      lane,
      appId: outlet.appId,
      outlet,
      tail: [],
      early: [],
      saving: [],
      savingEarly: [],
      hasBlocks: false,
      last: null,
      drained: new Set(),
      run: null,
      loading: false,
      unsure: false,
      oldestAt,
    };
    lane.lags.set(outlet.appId, lag);
    outlet.lags.add(lag);
    return lag;
  }

  /** Takes up what an earlier holder of the lane had written. */
  restore(lane: LaneProgress, outlet: Outlet, owed: OwedSummary): void {
    this.begin(lane, outlet, owed.firstAt ?? this.desk.clock.now()).hasBlocks = true;
  }

  add(lag: Lag, row: LogRow): void {
    if (lag.tail.at(-1)?.id !== row.id) lag.tail.push(row);
  }

  /**
   * As `add`, for a row before everything that is owed. False if later rows may be on their way already, and it has to
   * wait elsewhere.
   */
  addBefore(lag: Lag, row: LogRow): boolean {
    if (lag.run !== null || lag.loading) return false;
    if (lag.early.at(-1)?.id !== row.id) lag.early.push(row);
    return true;
  }

  /** Reads the next rows of one of the app's lanes and queues them; false if there is nothing to read. */
  async loadNext(outlet: Outlet): Promise<boolean> {
    if (outlet.stalled.size >= stalledPairsMax) return false;
    for (const lag of outlet.lags) {
      if (!canLoad(lag)) continue;
      // The next one has its turn next time.
      outlet.lags.delete(lag);
      outlet.lags.add(lag);
      await this.#load(lag, true);
      return true;
    }
    return false;
  }

  /** Gives up what is past the horizon, whether or not the app takes deliveries. */
  async expire(outlet: Outlet): Promise<void> {
    const { clock, horizonMs } = this.desk;
    for (const lag of [...outlet.lags]) {
      if (canLoad(lag) && isPastHorizon(lag.oldestAt, clock.now(), horizonMs)) await this.#load(lag, false);
    }
  }

  /** A row of a block is settled. */
  settled(lag: Lag, run: OwedRun, id: number): void {
    run.rows.close(id);
    this.#finishIfDrained(lag, run);
  }

  /**
   * Lets the app follow the lane again if nothing is owed but rows that no save has passed yet: those become ordinary
   * deliveries that the position waits for.
   */
  rejoinIfDrained(lag: Lag): void {
    const { lane, outlet } = lag;
    const drained = !lag.hasBlocks && lag.run === null && !isSaving(lag) && !lag.loading && lag.early.length === 0;
    if (!drained || lag.unsure || outlet.isHeld || lane.leaving || outlet.stalled.size >= stalledPairsMax) return;
    if (lag.tail.length > Math.max(outlet.appetite(), 1)) return;
    this.forget(lag);
    for (const row of lag.tail) {
      const stalled = lane.stalled.get(pairName(outlet.appId, threadName(row)));
      if (stalled !== undefined) {
        passOver(stalled, row.id);
        continue;
      }
      for (const notice of noticesFor(row, outlet.appId)) {
        lane.rows.reopen(row.id);
        this.desk.offer(lane, outlet.appId, row, notice, { kind: 'live' });
      }
    }
    lag.tail = [];
    outlet.pump();
  }

  forget(lag: Lag): void {
    lag.lane.lags.delete(lag.appId);
    lag.outlet.lags.delete(lag);
  }

  /** The blocks that a save beginning now writes for the app. */
  beginSave(lag: Lag): OwedBlock[] {
    const { lane, appId } = lag;
    lag.saving = lag.tail;
    lag.savingEarly = lag.early;
    lag.tail = [];
    lag.early = [];
    const blocks: OwedBlock[] = [];
    const write = (firstId: number, ids: number[]) => blocks.push({ lane: lane.lane, appId, firstId, ids });
    // Blocks are drained in the order of their names: these come before all others, and in their own order.
    const early = lag.savingEarly.map((row) => row.id);
    if (early.length > 0) write(Math.min(...early) - earlyNameShift, early);

    const ids = lag.saving.map((row) => row.id);
    let at = 0;
    // A block that is being read must not grow behind the reader's back.
    if (ids.length > 0 && lag.last !== null && !lag.loading && lag.last.count < blockSizeMax) {
      at = blockSizeMax - lag.last.count;
      write(lag.last.firstId, ids.slice(0, at));
    }
    for (; at < ids.length; at += blockSizeMax) write(ids[at] ?? 0, ids.slice(at, at + blockSizeMax));
    return blocks;
  }

  /** The save succeeded with these blocks, or failed (null) and is to be repeated. */
  endSave(lag: Lag, blocks: readonly OwedBlock[] | null): void {
    if (blocks === null) {
      lag.tail = [...lag.saving, ...lag.tail];
      lag.early = [...lag.savingEarly, ...lag.early];
    }
    lag.unsure = blocks === null;
    lag.saving = [];
    lag.savingEarly = [];
    for (const { firstId, ids } of blocks ?? []) {
      const grown = lag.last?.firstId === firstId;
      lag.hasBlocks = true;
      if (firstId > 0) lag.last = { firstId, count: (grown ? (lag.last?.count ?? 0) : 0) + ids.length };
    }
  }

  /** @param maySend false: only what is overdue is taken, and given up */
  async #load(lag: Lag, maySend: boolean): Promise<void> {
    lag.loading = true;
    try {
      const run = lag.run ?? (await this.#findRun(lag));
      if (run === null || !lag.lane.active) return;
      const ids = run.ids.slice(run.next, run.next + rowsPerRead);
      const rows = await this.desk.log.rowsByIds(lag.lane.lane, ids);
      if (!lag.lane.active) return;
      const { clock, horizonMs } = this.desk;
      const notYet = maySend ? undefined : rows.find((row) => !isPastHorizon(row.at, clock.now(), horizonMs));
      if (notYet !== undefined) lag.oldestAt = notYet.at;
      run.next = notYet === undefined ? run.next + ids.length : run.ids.indexOf(notYet.id);
      for (const row of rows) if (notYet === undefined || row.id < notYet.id) this.#queue(lag, run, row);
      this.#finishIfDrained(lag, run);
    } finally {
      lag.loading = false;
    }
    lag.outlet.pump();
  }

  async #findRun(lag: Lag): Promise<OwedRun | null> {
    const block = await this.desk.cursors.findOwed(lag.lane.lane, lag.appId, [...lag.drained]);
    if (block === null) {
      lag.hasBlocks = false;
      return null;
    }
    if (lag.last?.firstId === block.firstId) lag.last = null;
    lag.run = { firstId: block.firstId, ids: block.ids, next: 0, rows: new OpenRows(), trimmedThrough: 0 };
    return lag.run;
  }

  #queue(lag: Lag, run: OwedRun, row: LogRow): void {
    const { clock, horizonMs } = this.desk;
    const { lane, outlet } = lag;
    lag.oldestAt = Math.max(lag.oldestAt, row.at);
    const stalled = lane.stalled.get(pairName(outlet.appId, threadName(row)));
    if (stalled !== undefined) {
      passOver(stalled, row.id);
      return;
    }
    const overdue = isPastHorizon(row.at, clock.now(), horizonMs);
    for (const notice of noticesFor(row, outlet.appId)) {
      if (overdue) {
        const { breaker } = outlet;
        this.desk.giveUp(lane, row, notice, overdueReason(breaker.phase === 'open' ? breaker.lastError : ''));
      } else {
        run.rows.open(row.id);
        this.desk.offer(lane, outlet.appId, row, notice, { kind: 'owed', lag, run });
      }
    }
  }

  #finishIfDrained(lag: Lag, run: OwedRun): void {
    if (run.next < run.ids.length || run.rows.size > 0) return;
    noteTrim(lag, run);
    lag.drained.add(run.firstId);
    lag.run = null;
  }
}

/** Notes how far a block is settled, for the next save. */
export function noteTrim(lag: Lag, run: OwedRun): void {
  const lowest = run.rows.lowest();
  const throughId = lowest === undefined ? (run.ids[run.next - 1] ?? 0) : lowest - 1;
  if (throughId <= run.trimmedThrough) return;
  run.trimmedThrough = throughId;
  const { lane, appId } = lag;
  lane.trims.set(`${appId} ${run.firstId}`, { lane: lane.lane, appId, firstId: run.firstId, throughId });
}

function canLoad(lag: Lag): boolean {
  // While a save is under way the newest block may be growing.
  if (lag.loading || !lag.lane.active || lag.lane.leaving || isSaving(lag)) return false;
  // What was written is not known, and will be written again.
  if (lag.unsure) return false;
  // What comes first may not be written yet.
  if (lag.run === null && lag.early.length > 0) return false;
  return lag.run === null ? lag.hasBlocks : lag.run.next < lag.run.ids.length;
}

function isSaving(lag: Lag): boolean {
  return lag.saving.length > 0 || lag.savingEarly.length > 0;
}
