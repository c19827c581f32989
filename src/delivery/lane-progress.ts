import type { AppId, PageId, Psid } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { DeadLetter, OwedTrim, StalledKey } from '../store/cursor.store.js';
import type { BreakerState } from './breaker.js';
import type { HeldLease } from './lease-keeper.js';
import { OpenRows } from './open-rows.js';

/** One notice of one row on its way to an app. */
export interface Delivery {
  readonly lane: LaneProgress;
  readonly row: LogRow;
  /** Which of the row's notices. */
  readonly notice: number;
  readonly source: DeliverySource;
  /** Names the thread. */
  readonly thread: string;
  /** When we took it up, by the monotonic clock. */
  readonly offeredAtMs: number;
  /** Attempts made. */
  attempts: number;
  /** Deliveries that may share its POST; falls when a batch with it failed. */
  batchMax: number;
}

/** Where a delivery comes from, and so what must know when it is settled. */
export type DeliverySource =
  /** Straight from the log: the lane's position waits for it. */
  | { readonly kind: 'live' }
  | { readonly kind: 'owed'; readonly lag: Lag; readonly run: OwedRun }
  | { readonly kind: 'stalled'; readonly pair: StalledPair }
  | { readonly kind: 'replay' };

/** What a backlog needs of its app's outlet. */
export interface BackloggedOutlet {
  readonly appId: AppId;
  readonly stalled: Set<StalledPair>;
  readonly lags: Set<Lag>;
  readonly breaker: BreakerState;
  readonly isHeld: boolean;
  readonly lastAcknowledgedAt: number;
  stalledDueAt: number;
  appetite(): number;
  pump(): void;
  takeQueue(thread: string): Delivery[];
}

/** A thread of an app whose first delivery failed: it waits for its next attempt, and the rest of the thread behind it. */
export interface StalledPair {
  readonly lane: LaneProgress;
  readonly outlet: BackloggedOutlet;
  readonly appId: AppId;
  readonly pageId: PageId;
  readonly psid: Psid;
  readonly thread: string;
  firstId: number;
  /** The notice of the first row that failed. Only in memory: after a restart the row begins at its first notice. */
  firstNotice: number;
  attempts: number;
  failingSince: number;
  nextAttemptAt: number;
  lastError: string;
  /** The last row of the thread that was passed over because of it. */
  skippedThrough: number;
  /** While its rows are being read or sent. */
  busy: boolean;
  /** Deliveries under way or queued. */
  outstanding: number;
  /** Rows up to here are among them, or settled. */
  loadedThrough: number;
}

/** An app that does not keep up in a lane: what it is owed stands in blocks on disk until it does. */
export interface Lag {
  readonly lane: LaneProgress;
  readonly appId: AppId;
  readonly outlet: BackloggedOutlet;
  /** Rows not yet written to a block. */
  tail: LogRow[];
  /** The same, of rows before everything else that is owed: a block of their own. */
  early: LogRow[];
  /** Rows that the save under way writes, the early ones apart. */
  saving: readonly LogRow[];
  savingEarly: readonly LogRow[];
  /** Whether there may be blocks on disk that are not drained: only the database knows that there are none. */
  hasBlocks: boolean;
  /** The newest block, while ids may be appended to it. */
  last: { readonly firstId: number; readonly count: number } | null;
  /** Names of blocks that are drained and still on disk. */
  readonly drained: Set<number>;
  /** The block being drained. */
  run: OwedRun | null;
  loading: boolean;
  /** The outcome of a save is unknown: its ids may stand in a block, so they must go through one. */
  unsure: boolean;
  /** No row that is owed is older (milliseconds since 1970): when to look for overdue ones. */
  oldestAt: number;
}

/** A block being drained. */
export interface OwedRun {
  /** The block's name. */
  readonly firstId: number;
  readonly ids: readonly number[];
  /** Index of the first id that was not read yet. */
  next: number;
  readonly rows: OpenRows;
  /** Up to where the block was shortened. */
  trimmedThrough: number;
}

/**
 * How far one lane is dispatched, for as long as its lease is held. A lane that is claimed again starts from a new
 * object, so what was under way for the old one cannot be taken for the new one's.
 */
export class LaneProgress {
  readonly lane: number;
  readonly lease: HeldLease;
  /** False once the lease is lost or given back: nothing is sent or saved any more. */
  active = true;
  /** To be given back: nothing new is taken up. */
  leaving = false;
  /** The last row read from the log. */
  frontier: number;
  /** Where the log is known to go. */
  knownLast: number;
  reading = false;
  /** The position as last saved. */
  savedPosition: number;
  readonly rows = new OpenRows();
  readonly lags = new Map<AppId, Lag>();
  /** By app and thread, see `pairName`. */
  readonly stalled = new Map<string, StalledPair>();

  // Changes since the last save.
  stalledChanges = new Map<string, StalledPair | StalledKey>();
  trims = new Map<string, OwedTrim>();
  deadLetters: DeadLetter[] = [];

  constructor(lane: number, lease: HeldLease, lastId: number) {
    this.lane = lane;
    this.lease = lease;
    this.frontier = lastId;
    this.knownLast = lastId;
    this.savedPosition = lastId;
  }

  /** Every row up to here is delivered, or written down beside the cursor with the next save. */
  position(): number {
    const lowest = this.rows.lowest();
    return lowest === undefined ? this.frontier : lowest - 1;
  }

  get isBehind(): boolean {
    return this.frontier < this.knownLast;
  }
}

export function pairName(appId: AppId, thread: string): string {
  return `${appId} ${thread}`;
}

/** A later row waits behind the pair. It is written down with the pair, since the lane's position passes the row. */
export function passOver(pair: StalledPair, id: number): void {
  if (id <= pair.skippedThrough) return;
  pair.skippedThrough = id;
  pair.lane.stalledChanges.set(pairName(pair.appId, pair.thread), pair);
}
