import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import { type AppId, threadName } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { CommittedRows } from '../store/committed-rows.js';
import type { EndedAttempts } from '../store/ended-attempts.js';
import type { ConfigurationCache } from '../store/configuration.cache.js';
import type { CursorStore, DeadLetter, LaneRemains } from '../store/cursor.store.js';
import type { LogStore } from '../store/log.store.js';
import { type AttemptCounts, AttemptLog } from './attempt-log.js';
import type { breakerAlarm } from './breaker.js';
import type { Desk } from './desk.js';
import { type Delivery, type DeliverySource, type Lag, LaneProgress, pairName, passOver } from './lane-progress.js';
import { type HeldLease, LeaseKeeper } from './lease-keeper.js';
import { Outlet, type OutletContext, type OutletEvents, type PostFailure } from './outlet.js';
import { OwedRows, stalledPairsMax } from './owed-rows.js';
import { Periodic } from './periodic.js';
import { ProgressSaver } from './progress-saver.js';
import { Replays } from './replays.js';
import { StalledPairs } from './stalled-pairs.js';
import type { WebhookClient } from './webhook.client.js';

export interface DispatcherParts {
  readonly cursors: CursorStore;
  readonly log: LogStore;
  readonly committedRows: CommittedRows;
  /** Hears of every try. */
  readonly endedAttempts: EndedAttempts;
  readonly configuration: ConfigurationCache;
  readonly client: WebhookClient;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  /** Holds the deliveries of an app whose callback answered that it is gone, unless it has another by now. */
  readonly holdGoneApp: (appId: AppId, callbackUrl: string, at: number) => Promise<void>;
}

export interface DispatcherOptions {
  /** Names this instance among those that dispatch. The same name after a restart takes its lanes back at once. */
  readonly holder: string;
  /** How long an app may take to answer: what the client was given. */
  readonly timeoutMs: number;
  /** POSTs to one app at once. */
  readonly concurrencyMax: number;
  /** How long a delivery is tried. */
  readonly horizonMs: number;
  readonly attempts: 'all' | 'failures';
  /** How long a lease lasts; must exceed `timeoutMs` by more than `leaseMarginMs` and the interval of renewals. */
  readonly leaseMs?: number;
  readonly intervals?: Partial<DispatcherIntervals>;
  /** Deliveries from the log kept in memory; beyond that the log is read later. */
  readonly liveMax?: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** How often each thing is done, in milliseconds. */
export interface DispatcherIntervals {
  readonly lease: number;
  readonly read: number;
  readonly save: number;
  readonly tend: number;
}

/** How an app stands with this instance. */
export interface OutletStatus {
  readonly appId: AppId;
  /** `alert` after fifteen minutes of failure, `paused` after an hour; probes go on in any case. */
  readonly alarm: ReturnType<typeof breakerAlarm>;
  readonly queued: number;
  readonly stalledThreads: number;
  readonly laggingLanes: number;
}

/** What was acknowledged since the last save is repeated after a crash, and a save costs one small commit for all lanes. */
const defaultIntervals: DispatcherIntervals = { lease: 1_000, read: 250, save: 50, tend: 100 };
/** A request begun this long before the lease ends, beyond its own time, may still be under way when another begins. */
const leaseMarginMs = 500;
/** How long an orderly stop goes on sending what is queued, which takes less than that while the apps are well. */
const drainMs = 1_000;
const rowsPerRead = 500;
const lanesReadAtOnce = 4;
const defaultLiveMax = 20_000;
/** An app that had something to do this recently counts as kept waiting when the memory is full of another's. */
const recentMs = 10_000;

/**
 * Follows the log and posts to every app what it is owed.
 *
 * The cast: a `LaneProgress` per lane this instance holds a lease for, an `Outlet` per app, `StalledPairs` for threads
 * that fail alone, `OwedRows` for apps that do not keep up, `Replays` for what was asked for again, `ProgressSaver` for
 * the cursor.
 *
 * The guarantee: everything in the log is delivered at least once, per app and thread in the order of the log. A crash
 * repeats what was acknowledged since the last save, with the same ids and bytes. Nothing is written per delivery while
 * all goes well: a lane's position is saved every so often, and it stands before the first row that is neither
 * acknowledged nor written down elsewhere.
 *
 * When this instance dies, its leases end and others go on from the saved positions. When the database is away, what is
 * in memory is still sent until the leases end.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #lanes = new Map<number, LaneProgress>();
  readonly #outlets = new Map<AppId, Outlet>();
  readonly #toPump = new Set<Outlet>();
  /** Gaps that apps were told of, to be noted. */
  readonly #told: { appId: AppId; lanes: readonly number[]; givenUpBy: number }[] = [];
  readonly #leases: LeaseKeeper;
  readonly #saver: ProgressSaver;
  readonly #stalled: StalledPairs;
  readonly #owed: OwedRows;
  readonly #replays: Replays;
  readonly #attempts: AttemptLog;
  readonly #outletContext: OutletContext;
  readonly #desk: Desk;
  readonly #logger = new Logger(Dispatcher.name);
  readonly #lease: Periodic;
  readonly #read: Periodic;
  readonly #save: Periodic;
  readonly #tend: Periodic;
  readonly #liveMax: number;
  /** When the configuration was last read anew, by the monotonic clock. */
  #configurationReadMs = -Infinity;
  #readingConfiguration = false;
  #unsubscribe: (() => void)[] = [];
  /** Since when it claims lanes, by the monotonic clock. */
  #startedAtMs: number | null = null;
  /** Nothing more is taken up. */
  #draining = false;
  /** Nothing more is sent. */
  #stopped = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: DispatcherParts, options: DispatcherOptions) {
    this.#parts = parts;
    const { cursors, clock, log, client, failpoints, configuration } = parts;
    const { random = Math.random, timeoutMs, concurrencyMax, horizonMs } = options;
    this.#liveMax = options.liveMax ?? defaultLiveMax;
    this.#desk = {
      clock,
      log,
      cursors,
      horizonMs,
      random,
      offer: (lane, appId, row, ...rest) => this.#offer(lane, this.#outletOf(appId), row, threadName(row), ...rest),
      settle: (delivery) => this.#settle(delivery),
      giveUp: (lane, row, notice, reason) => this.#giveUp(lane, row, notice, reason, true),
    };
    this.#outletContext = {
      client,
      clock,
      failpoints,
      configuration,
      events: this.#outletEvents(),
      concurrencyMax,
      leaseReserveMs: timeoutMs + leaseMarginMs,
      random,
      isStopped: () => this.#stopped,
    };
    const intervals = { ...defaultIntervals, ...options.intervals };
    const leaseMs = options.leaseMs ?? timeoutMs + 3_000;
    this.#leases = new LeaseKeeper(cursors, clock, options.holder, leaseMs, intervals.lease * 3);
    this.#stalled = new StalledPairs(this.#desk);
    this.#owed = new OwedRows(this.#desk);
    this.#saver = new ProgressSaver(cursors, this.#owed);
    this.#replays = new Replays(this.#desk, this.#lanes);
    this.#attempts = new AttemptLog(cursors, clock, options.attempts, parts.endedAttempts);
    const report = (what: string) => (error: unknown) => this.#report(what, error);
    this.#lease = new Periodic(() => this.#leaseRound(), intervals.lease, report('Leases were not prolonged'));
    this.#read = new Periodic(() => this.#readRound(), intervals.read, report('The log was not read'));
    this.#save = new Periodic(() => this.#saveRound(), intervals.save, report('Progress was not saved'));
    this.#tend = new Periodic(() => this.#tendRound(), intervals.tend, report('Backlogs were not tended'));
  }

  /** Begins to claim lanes and to send. */
  start(): void {
    const { committedRows, configuration, clock } = this.#parts;
    this.#startedAtMs = clock.monotonicMs();
    this.#unsubscribe = [
      committedRows.subscribe((lane, rows) => this.#committed(lane, rows)),
      configuration.subscribe(() => this.#configurationChanged()),
    ];
    for (const periodic of [this.#lease, this.#read, this.#save, this.#tend]) periodic.wake();
  }

  /**
   * Takes up nothing more, sends what is queued for a moment, puts the rest aside, saves, and gives the lanes back. While all
   * goes well, whoever takes the lanes repeats nothing.
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#draining = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await Promise.all([this.#read.stop(), this.#tend.stop()]);
    const idle = () => Promise.all([...this.#outlets.values()].map((outlet) => outlet.idle()));
    await Promise.race([idle(), delay(drainMs, undefined, { ref: false })]);
    this.#stopped = true;
    await idle();
    await Promise.all([this.#lease.stop(), this.#save.stop()]);
    for (const outlet of this.#outlets.values()) if (outlet.live > 0) this.#putAside(outlet);
    try {
      await this.#saveRound();
      await this.#leases.withdraw();
    } catch (error) {
      this.#report('The last save failed, so some deliveries will be repeated', error);
    }
    for (const lane of this.#lanes.values()) lane.active = false;
    this.#lanes.clear();
    await this.#parts.client.close();
  }

  /** Lanes dispatched by this instance. */
  get laneCount(): number {
    return this.#lanes.size;
  }

  /** Since when it claims lanes, by the monotonic clock; null: it does not yet. */
  get startedAtMs(): number | null {
    return this.#startedAtMs;
  }

  get counts(): Readonly<AttemptCounts> {
    return this.#attempts.counts;
  }

  statuses(): OutletStatus[] {
    return [...this.#outlets.values()].map((outlet) => ({
      appId: outlet.appId,
      alarm: outlet.alarm,
      queued: outlet.queued,
      stalledThreads: outlet.stalled.size,
      laggingLanes: outlet.lags.size,
    }));
  }

  // What outlets tell.

  #outletEvents(): OutletEvents {
    return {
      attempted: (outlet, deliveries, result) => this.#attempts.add(outlet, deliveries, result),
      acknowledged: (delivery) => this.#acknowledged(delivery),
      failed: (outlet, delivery, failure) => this.#failed(outlet, delivery, failure),
      dropped: (delivery, reason) => this.#dropped(delivery, reason),
      gone: (outlet, callbackUrl) => void this.#hold(outlet, callbackUrl),
      gapTold: ({ appId }, lanes, givenUpBy) => this.#told.push({ appId, lanes, givenUpBy }),
      configurationIsNewerThan: (monotonicMs) => this.#configurationIsNewerThan(monotonicMs),
      hungry: (outlet) => this.#hungry(outlet),
      recovered: (outlet) => this.#stalled.releaseAll(outlet),
    };
  }

  #acknowledged(delivery: Delivery): void {
    const { source } = delivery;
    switch (source.kind) {
      case 'live':
      case 'owed':
        this.#settle(delivery);
        break;
      case 'stalled':
        this.#stalled.settled(source.pair, delivery).catch((error: unknown) => {
          this.#report('A waiting thread was not read', error);
        });
        break;
      case 'replay':
        this.#replays.finished(delivery, true);
        break;
    }
  }

  #failed(outlet: Outlet, delivery: Delivery, failure: PostFailure): void {
    const { source } = delivery;
    switch (source.kind) {
      case 'live':
      case 'owed':
        this.#stalled.stall(outlet, delivery, failure, outlet.takeQueue(delivery.thread));
        break;
      case 'stalled':
        this.#stalled.failedAgain(source.pair, delivery, failure);
        break;
      case 'replay':
        this.#replays.finished(delivery, false);
        break;
    }
  }

  #dropped(delivery: Delivery, reason: string): void {
    if (delivery.source.kind === 'replay') {
      this.#replays.finished(delivery, false);
    } else {
      this.#giveUp(delivery.lane, delivery.row, delivery.notice, reason, false);
      this.#acknowledged(delivery);
    }
  }

  async #hold({ appId }: Outlet, callbackUrl: string): Promise<void> {
    try {
      await this.#parts.holdGoneApp(appId, callbackUrl, this.#parts.clock.now());
      this.#logger.warn(`App ${appId} is paused: its callback answered 410 Gone`);
    } catch (error) {
      this.#report('An app that is gone was not paused, and is asked again', error);
    }
  }

  #configurationIsNewerThan(monotonicMs: number): boolean {
    if (this.#configurationReadMs > monotonicMs) return true;
    void this.#readConfiguration();
    return false;
  }

  #hungry(outlet: Outlet): void {
    const { clock } = this.#parts;
    const hasBacklog =
      outlet.lags.size > 0 ||
      outlet.stalledDueAt <= clock.now() ||
      (outlet.breaker.phase === 'open' && outlet.stalled.size > 0) ||
      this.#replays.isRequestedFor(outlet.appId);
    if (hasBacklog) this.#refill(outlet);
  }

  // Leases.

  async #leaseRound(): Promise<void> {
    const { claimed, lost, excess } = await this.#leases.round();
    for (const lease of lost) this.#drop(lease);
    const staying = [...this.#lanes.values()].filter((lane) => !lane.leaving);
    const leavingCount = this.#lanes.size - staying.length;
    for (const lane of staying.slice(0, Math.max(0, excess - leavingCount))) lane.leaving = true;
    if (excess === 0) for (const lane of this.#lanes.values()) lane.leaving = false;
    if (claimed.length === 0) return;
    try {
      this.#parts.failpoints.pass('lease.afterClaim');
      const remains = await this.#parts.cursors.remains(claimed.map(({ lane }) => lane.lane));
      for (const { lane, lease } of claimed) {
        this.#lanes.set(lane.lane, new LaneProgress(lane.lane, lease, lane.lastId));
      }
      this.#takeUp(remains);
    } catch (error) {
      for (const { lease } of claimed) this.#leases.lose(lease);
      throw error;
    }
    this.#read.wake();
  }

  #takeUp({ stalled, owed, gaps }: LaneRemains): void {
    for (const summary of owed) {
      const lane = this.#lanes.get(summary.lane);
      if (lane !== undefined) this.#owed.restore(lane, this.#outletOf(summary.appId), summary);
    }
    for (const record of stalled) {
      const lane = this.#lanes.get(record.lane);
      if (lane === undefined) continue;
      const outlet = this.#outletOf(record.appId);
      this.#stalled.restore(lane, outlet, record);
      // Without an error nothing failed: it was put aside.
      if (record.lastError !== '' && lane.lags.has(record.appId))
        outlet.startOpen(record.failingSince, record.lastError);
    }
    for (const gap of gaps) this.#outletOf(gap.appId).addGap(gap.first, gap.count);
  }

  /** The lane is another instance's now, or nobody's. */
  #drop(lease: HeldLease): void {
    this.#leases.lose(lease);
    const lane = this.#lanes.get(lease.lane);
    if (lane === undefined || lane.lease.epoch !== lease.epoch) return;
    lane.active = false;
    this.#lanes.delete(lane.lane);
    for (const lag of [...lane.lags.values()]) this.#owed.forget(lag);
    for (const pair of [...lane.stalled.values()]) this.#stalled.forget(pair);
    for (const outlet of this.#outlets.values()) outlet.dropGaps(lane.lane);
    this.#replays.dropLane(lane.lane);
  }

  // Reading the log.

  /** Rows this process has just committed. They are taken as they are if they follow what was read. */
  #committed(laneNumber: number, rows: readonly LogRow[]): void {
    const lane = this.#lanes.get(laneNumber);
    const first = rows[0];
    const last = rows.at(-1);
    if (lane === undefined || first === undefined || last === undefined) return;
    lane.knownLast = Math.max(lane.knownLast, last.id);
    const follows = first.id === lane.frontier + 1 && !lane.reading && !lane.leaving;
    if (follows && this.#live() < this.#liveMax) this.#accept(lane, rows);
    else this.#read.wake();
  }

  async #readRound(): Promise<void> {
    if (this.#draining) return;
    const lastIds = await this.#parts.log.lastIds();
    for (const lane of this.#lanes.values()) lane.knownLast = Math.max(lane.knownLast, lastIds[lane.lane] ?? 0);
    const behind = [...this.#lanes.values()].filter((lane) => lane.isBehind && !lane.leaving);
    // Each reader takes the next lane until none is left.
    const readers = Array.from({ length: lanesReadAtOnce }, async () => {
      for (let lane = behind.pop(); lane !== undefined; lane = behind.pop()) await this.#catchUp(lane);
    });
    await Promise.all(readers);
    if (this.#live() >= this.#liveMax) this.#makeRoom();
  }

  async #catchUp(lane: LaneProgress): Promise<void> {
    while (lane.active && lane.isBehind && !lane.leaving && !this.#draining && this.#live() < this.#liveMax) {
      const through = lane.knownLast;
      lane.reading = true;
      try {
        const rows = await this.#parts.log.rowsAfter(lane.lane, lane.frontier, rowsPerRead);
        if (!lane.active) return;
        this.#accept(lane, rows);
        // Rows can be missing, never late: a lane's rows are visible with the number that counts them.
        if (rows.length < rowsPerRead) lane.frontier = Math.max(lane.frontier, through);
      } finally {
        lane.reading = false;
      }
    }
  }

  /** Takes rows up in order: every notice is queued, or noted where its thread or its app waits. */
  #accept(lane: LaneProgress, rows: readonly LogRow[]): void {
    const { apps } = this.#parts.configuration.current();
    for (const row of rows) {
      lane.frontier = row.id;
      const thread = threadName(row);
      row.notices.forEach(({ appId }, notice) => {
        // An app without a callback, such as the built-in inbox, reads the log instead.
        if (apps.get(appId)?.callbackUrl === null) return;
        const outlet = this.#outletOf(appId);
        const lag = lane.lags.get(appId) ?? (keepsUp(outlet) ? undefined : this.#beginLag(lane, outlet, row.at));
        const stalled = lane.stalled.size === 0 ? undefined : lane.stalled.get(pairName(appId, thread));
        if (lag !== undefined) {
          this.#owed.add(lag, row);
        } else if (stalled !== undefined) {
          passOver(stalled, row.id);
        } else {
          lane.rows.open(row.id);
          this.#offer(lane, outlet, row, thread, notice, live);
          this.#pumpSoon(outlet);
        }
      });
    }
    lane.knownLast = Math.max(lane.knownLast, lane.frontier);
  }

  /** Sending begins in the next turn of the event loop: callers of a commit are answered first. */
  #pumpSoon(outlet: Outlet): void {
    if (this.#toPump.size === 0) {
      setImmediate(() => {
        const outlets = [...this.#toPump];
        this.#toPump.clear();
        for (const each of outlets) each.pump();
      });
    }
    this.#toPump.add(outlet);
  }

  /**
   * The memory is full. If that keeps an app waiting which has nothing to do, those who fill it stop following the log;
   * if everybody is busy, waiting is right.
   */
  #makeRoom(): void {
    const recently = this.#parts.clock.monotonicMs() - recentMs;
    const active = [...this.#outlets.values()].filter((outlet) => outlet.lastOfferedAtMs > recently || outlet.live > 0);
    if (!active.some((outlet) => outlet.live === 0)) return;
    for (const outlet of active) if (outlet.live >= this.#liveMax / active.length) this.#putAside(outlet);
  }

  #beginLag(lane: LaneProgress, outlet: Outlet, oldestAt: number): Lag {
    // What is queued already comes first.
    if (outlet.live > 0) this.#putAside(outlet);
    return lane.lags.get(outlet.appId) ?? this.#owed.begin(lane, outlet, oldestAt);
  }

  /** Takes what an app has not been sent out of memory. */
  #putAside(outlet: Outlet): void {
    const { deliveries, partial } = outlet.takeLive();
    for (const delivery of partial) {
      outlet.takeHead(delivery);
      this.#stalled.stall(outlet, delivery, null, outlet.takeQueue(delivery.thread));
    }
    deliveries.sort((a, b) => a.row.id - b.row.id);
    const lagging = new Set(outlet.lags);
    for (const delivery of deliveries) {
      const { lane, row } = delivery;
      const lag = lane.lags.get(outlet.appId) ?? this.#owed.begin(lane, outlet, row.at);
      const stalled = lane.stalled.get(pairName(outlet.appId, delivery.thread));
      if (stalled !== undefined) {
        passOver(stalled, row.id);
        this.#settle(delivery);
      } else if (!lagging.has(lag) || this.#owed.addBefore(lag, row)) {
        if (!lagging.has(lag)) this.#owed.add(lag, row);
        this.#settle(delivery);
      } else {
        // Later rows of the thread may have been read from a block already.
        this.#stalled.stall(outlet, delivery, null, outlet.takeQueue(delivery.thread));
      }
    }
  }

  // Backlogs.

  async #tendRound(): Promise<void> {
    if (this.#draining) return;
    const replayed = await this.#replays.look();
    for (const appId of replayed) this.#outletOf(appId);
    for (const outlet of [...this.#outlets.values()]) {
      if (outlet.isHeld && outlet.live > 0) this.#putAside(outlet);
      await this.#stalled.expire(outlet);
      await this.#owed.expire(outlet);
      outlet.reportAlarm();
      outlet.pump();
      if (outlet.isIdle && outlet.app === undefined) this.#outlets.delete(outlet.appId);
    }
  }

  #refill(outlet: Outlet): void {
    if (outlet.refilling || this.#draining) return;
    outlet.refilling = true;
    this.#loadBacklog(outlet)
      .catch((error: unknown) => this.#report('A backlog was not read', error))
      .finally(() => (outlet.refilling = false));
  }

  async #loadBacklog(outlet: Outlet): Promise<void> {
    while (!this.#draining && outlet.appetite() > 0) {
      const found =
        outlet.breaker.phase === 'open'
          ? (await this.#owed.loadNext(outlet)) || (await this.#stalled.probe(outlet))
          : (await this.#stalled.retryDue(outlet)) ||
            (await this.#owed.loadNext(outlet)) ||
            (await this.#replays.loadNext(outlet));
      if (!found) return;
      outlet.pump();
    }
  }

  // Saving.

  async #saveRound(): Promise<void> {
    this.#parts.failpoints.pass('cursor.beforeSave');
    const lost = await this.#saver.save([...this.#lanes.values()]);
    this.#parts.failpoints.pass('cursor.afterSave');
    for (const lane of lost) this.#drop(lane.lease);
    for (const lane of this.#lanes.values()) {
      for (const lag of [...lane.lags.values()]) this.#owed.rejoinIfDrained(lag);
    }
    await this.#releaseLeaving();
    await this.#saveTold();
    await this.#replays.save();
    await this.#attempts.save();
    if (this.#live() < this.#liveMax && [...this.#lanes.values()].some((lane) => lane.isBehind)) this.#read.wake();
  }

  /** After the save that writes the dead letters themselves. If this is lost, the gap is told once more. */
  async #saveTold(): Promise<void> {
    const { cursors, clock } = this.#parts;
    for (let told = this.#told[0]; told !== undefined; told = this.#told[0]) {
      await cursors.markTold(told.appId, told.lanes, told.givenUpBy, clock.now());
      this.#told.shift();
    }
  }

  async #releaseLeaving(): Promise<void> {
    const idle = [...this.#lanes.values()].filter((lane) => lane.leaving && isSettled(lane));
    for (const lane of idle) this.#drop(lane.lease);
    await this.#leases.release(idle.map(({ lease }) => lease));
  }

  // Shared pieces.

  #offer(
    lane: LaneProgress,
    outlet: Outlet,
    row: LogRow,
    thread: string,
    notice: number,
    source: DeliverySource,
    attempts = 0,
  ): void {
    outlet.offer({
      lane,
      row,
      notice,
      source,
      thread,
      offeredAtMs: this.#parts.clock.monotonicMs(),
      attempts,
      // What failed before, or is sent again by hand, travels alone.
      batchMax: attempts > 0 || source.kind === 'replay' ? 1 : Infinity,
    });
  }

  #settle({ lane, row, source }: Delivery): void {
    if (source.kind === 'live') lane.rows.close(row.id);
    if (source.kind === 'owed') this.#owed.settled(source.lag, source.run, row.id);
  }

  #giveUp(lane: LaneProgress, row: LogRow, notice: number, reason: string, makesGap: boolean): void {
    const appId = row.notices[notice]?.appId;
    if (appId === undefined) return;
    const { pageId, psid, id } = row;
    const letter: DeadLetter = {
      lane: lane.lane,
      id,
      notice,
      appId,
      pageId,
      psid,
      reason,
      at: this.#parts.clock.now(),
      makesGap,
    };
    lane.deadLetters.push(letter);
    if (makesGap) this.#outletOf(appId).addGap({ lane: lane.lane, id, notice });
  }

  #outletOf(appId: AppId): Outlet {
    let outlet = this.#outlets.get(appId);
    if (outlet === undefined) {
      outlet = new Outlet(appId, this.#outletContext);
      this.#outlets.set(appId, outlet);
    }
    return outlet;
  }

  #live(): number {
    let live = 0;
    for (const outlet of this.#outlets.values()) live += outlet.live;
    return live;
  }

  #configurationChanged(): void {
    for (const outlet of this.#outlets.values()) outlet.reconsider();
  }

  async #readConfiguration(): Promise<void> {
    if (this.#readingConfiguration) return;
    this.#readingConfiguration = true;
    const askedAtMs = this.#parts.clock.monotonicMs();
    try {
      await this.#parts.configuration.refresh();
      this.#configurationReadMs = askedAtMs;
    } catch (error) {
      this.#report('The configuration was not read', error);
    } finally {
      this.#readingConfiguration = false;
    }
    for (const outlet of this.#outlets.values()) outlet.pump();
  }

  #report(what: string, error: unknown): void {
    this.#logger.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const live: DeliverySource = { kind: 'live' };

/** Whether the app follows the log as it is read. */
function keepsUp(outlet: Outlet): boolean {
  return !outlet.isHeld && outlet.stalled.size < stalledPairsMax;
}

/** Whether nothing of the lane is under way and everything is saved. */
function isSettled(lane: LaneProgress): boolean {
  return (
    lane.rows.size === 0 &&
    !lane.reading &&
    lane.position() === lane.savedPosition &&
    lane.stalledChanges.size === 0 &&
    lane.trims.size === 0 &&
    lane.deadLetters.length === 0 &&
    [...lane.stalled.values()].every((pair) => !pair.busy) &&
    [...lane.lags.values()].every(
      (lag) =>
        lag.early.length === 0 &&
        lag.tail.length === 0 &&
        lag.saving.length === 0 &&
        !lag.loading &&
        (lag.run?.rows.size ?? 0) === 0,
    )
  );
}
