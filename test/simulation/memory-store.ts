import { testVault } from '../support/vault.js';
import type { Pool, PoolClient } from 'pg';
import { laneCount, laneOf, threadName, type AppId, type ThreadKey } from '../../src/domain/ids.js';
import type { LogRow } from '../../src/domain/log.js';
import type { Page } from '../../src/domain/page.js';
import type { Thread } from '../../src/domain/thread/thread.js';
import { ConfigStore } from '../../src/store/config.store.js';
import type { App, Configuration } from '../../src/store/configuration.js';
import {
  CursorStore,
  type ClaimedLane,
  type DeadLetter,
  type LaneLease,
  type LaneRemains,
  type OwedBlock,
  type Progress,
  type StalledKey,
  type StalledRecord,
} from '../../src/store/cursor.store.js';
import { LaneStore, type LaneBatch, type LaneState } from '../../src/store/lane.store.js';
import { dayOf } from '../../src/store/log-partitions.js';
import { LogStore } from '../../src/store/log.store.js';
import { QuarantineStore } from '../../src/store/quarantine.store.js';
import type { Simulator } from './simulator.js';

const noPool = {} as Pool;

interface StoredCursor {
  lastId: number;
  holder: string | null;
  epoch: number;
  until: number;
}

/** What a database holds, and how it answers: each statement at one moment, or not at all, or unknown to who asked. */
export class MemoryDatabase {
  readonly lanes = Array.from({ length: laneCount }, () => ({ lastId: 0 }));
  readonly rows = Array.from({ length: laneCount }, (): LogRow[] => []);
  readonly threads = new Map<string, Thread>();
  readonly sources = new Map<string, LogRow>();
  readonly cursors = Array.from({ length: laneCount }, (): StoredCursor => ({
    lastId: 0,
    holder: null,
    epoch: 0,
    until: 0,
  }));
  readonly dispatchers = new Map<string, number>();
  readonly stalled = new Map<string, StalledRecord>();
  readonly owed = new Map<string, OwedBlock>();
  readonly deadLetters = new Map<string, DeadLetter>();
  readonly wakeAt = new Map<string, number>();
  quarantined = 0;
  configuration: Configuration;
  /** Who has locked a lane in a transaction. */
  readonly locks = new Map<number, object>();
  /** The share of statements that fail, half of them after they have had their effect. */
  failing = 0;

  constructor(
    readonly simulator: Simulator,
    pages: readonly Page[],
    apps: readonly App[],
  ) {
    this.configuration = {
      epoch: 1,
      incarnation: 'sim',
      clockOffsetMs: 0,
      pages: new Map(pages.map((page) => [page.pageId, page])),
      pagesByInstagram: new Map(),
      metaTokens: new Map(),
      apps: new Map(apps.map((app) => [app.appId, app])),
      tokens: new Map(),
    };
  }

  /** A statement: it waits for its turn, and now and then it fails as statements do when a connection breaks. */
  async run<T>(work: () => T, ready?: () => boolean): Promise<T> {
    const { random } = this.simulator;
    const dice = random.next();
    if (dice < this.failing / 2) return this.simulator.outside<T>(() => refuse(), undefined);
    const fails = dice < this.failing;
    return this.simulator.outside(
      () => {
        const answer = work();
        return fails ? refuse() : answer;
      },
      ready,
      // A statement that was not yet sent when its process died.
      () => random.chance(0.5),
    );
  }

  /** Changes the configuration as `ConfigStore.change` does: with every lane locked, and a new epoch. */
  change(change: (configuration: Configuration) => Partial<Configuration>): Promise<void> {
    return this.simulator.outside(
      () => {
        this.configuration = {
          ...this.configuration,
          ...change(this.configuration),
          epoch: this.configuration.epoch + 1,
        };
      },
      () => this.locks.size === 0,
    );
  }
}

function refuse(): never {
  throw Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' });
}

export class MemoryLaneStore extends LaneStore {
  constructor(private readonly database: MemoryDatabase) {
    super(noPool, { prepared: false });
  }

  override states(lanes: readonly number[]): Promise<LaneState[]> {
    return this.database.run(() => lanes.map((lane) => this.#state(lane)));
  }

  /** Nobody is erased in the simulation. */
  override erasedPeople(): ReturnType<LaneStore['erasedPeople']> {
    return Promise.resolve(new Map());
  }

  override findThreads(keys: readonly ThreadKey[]): Promise<Thread[]> {
    return this.database.run(() =>
      keys.flatMap((key) => {
        const thread = this.database.threads.get(threadName(key));
        return thread === undefined ? [] : [thread];
      }),
    );
  }

  override rowsAfter(lane: number, afterId: number, limit: number): Promise<LogRow[]> {
    return this.database.run(() => rowsAfter(this.database, lane, afterId, limit));
  }

  override commit(epoch: number, batches: readonly LaneBatch[], on?: unknown): Promise<LaneState[]> {
    const transaction = on as Transaction | undefined;
    if (transaction === undefined) {
      return this.database.run(
        () => this.#commit(epoch, batches),
        () => batches.every(({ lane }) => !this.database.locks.has(lane)),
      );
    }
    return this.database.run(() => {
      const states = batches.map(({ lane }) => this.#state(lane));
      this.#requireNew(batches);
      transaction.effects.push(() => this.#commit(epoch, batches));
      return states;
    });
  }

  override async withLocked<T>(
    lanes: readonly number[],
    work: (states: LaneState[], client: PoolClient) => Promise<T>,
  ): Promise<T> {
    const { locks, simulator } = this.database;
    const transaction = new Transaction();
    const process = simulator.currentProcess;
    const unlock = () => {
      for (const lane of lanes) if (locks.get(lane) === transaction) locks.delete(lane);
    };
    try {
      const states = await this.database.run(
        () => {
          if (process?.state === 'dead') refuse();
          for (const lane of lanes) locks.set(lane, transaction);
          // A transaction of a process that is gone is rolled back.
          process?.onDeath(unlock);
          return lanes.map((lane) => this.#state(lane));
        },
        () => lanes.every((lane) => !locks.has(lane)),
      );
      const answer = await work(states, transaction as unknown as PoolClient);
      await this.database.run(() => {
        if (locks.get(lanes[0] ?? 0) !== transaction) refuse();
        for (const effect of transaction.effects) effect();
        unlock();
      });
      return answer;
    } finally {
      unlock();
    }
  }

  override rowsBySource(sources: readonly { lane: number; sourceId: string; day: string }[]): Promise<LogRow[]> {
    return this.database.run(() =>
      sources.flatMap(({ lane, sourceId, day }) => {
        const row = this.database.sources.get(`${lane} ${sourceId} ${day}`);
        return row === undefined ? [] : [row];
      }),
    );
  }

  override findDue(now: number, limit: number): Promise<ThreadKey[]> {
    return this.database.run(() => {
      const due: ThreadKey[] = [];
      for (const [name, at] of this.database.wakeAt) {
        const thread = this.database.threads.get(name);
        if (at > now || thread === undefined) continue;
        if (thread.deadlineAt !== null && thread.deadlineAt > now) this.database.wakeAt.set(name, thread.deadlineAt);
        else due.push(thread);
      }
      return due.slice(0, limit);
    });
  }

  override findOrphaned(limit: number): Promise<ThreadKey[]> {
    const { threads, configuration } = this.database;
    return this.database.run(() =>
      [...threads.values()]
        .filter(({ ownerAppId, pageId }) => {
          const page = configuration.pages.get(pageId);
          return ownerAppId !== null && page !== undefined && !page.connections.has(ownerAppId);
        })
        .slice(0, limit),
    );
  }

  override disarm(keys: readonly ThreadKey[]): Promise<void> {
    return this.database.run(() => {
      for (const key of keys) this.database.wakeAt.delete(threadName(key));
    });
  }

  #state(lane: number): LaneState {
    return { lane, lastId: this.database.lanes[lane]?.lastId ?? 0, configEpoch: this.database.configuration.epoch };
  }

  #requireNew(batches: readonly LaneBatch[]): void {
    const { sources } = this.database;
    const added = new Set<string>();
    for (const row of batches.flatMap((batch) => batch.rows)) {
      const source = sourceOf(row);
      if (sources.has(source) || added.has(source)) throw Object.assign(new Error('duplicate key'), { code: '23505' });
      added.add(source);
    }
  }

  #commit(epoch: number, batches: readonly LaneBatch[]): LaneState[] {
    const { lanes, rows, threads, sources, wakeAt, configuration } = this.database;
    const states = batches.map(({ lane }) => this.#state(lane));
    const matching = batches.filter(
      ({ lane, expected }) => lanes[lane]?.lastId === expected && configuration.epoch === epoch,
    );
    this.#requireNew(matching);
    for (const batch of matching) {
      const lane = lanes[batch.lane];
      if (lane !== undefined) lane.lastId = batch.expected + batch.rows.length;
      for (const row of batch.rows) {
        rows[batch.lane]?.push(row);
        sources.set(sourceOf(row), row);
      }
      for (const thread of batch.threads) {
        const name = threadName(thread);
        threads.set(name, thread);
        if (thread.deadlineAt === null) wakeAt.delete(name);
        else if (!wakeAt.has(name)) wakeAt.set(name, thread.deadlineAt);
      }
    }
    return states;
  }
}

class Transaction {
  readonly effects: (() => void)[] = [];
}

const sourceOf = (row: LogRow) => `${row.lane} ${row.sourceId} ${dayOf(row.occurredAt)}`;

function rowsAfter({ rows }: MemoryDatabase, lane: number, afterId: number, limit: number): LogRow[] {
  return (rows[lane] ?? []).filter(({ id }) => id > afterId).slice(0, limit);
}

export class MemoryLogStore extends LogStore {
  constructor(private readonly database: MemoryDatabase) {
    super(noPool);
  }

  override rowsAfter(lane: number, afterId: number, limit: number): Promise<LogRow[]> {
    return this.database.run(() => rowsAfter(this.database, lane, afterId, limit));
  }

  override rowsByIds(lane: number, ids: readonly number[]): Promise<LogRow[]> {
    return this.database.run(() => (this.database.rows[lane] ?? []).filter(({ id }) => ids.includes(id)));
  }

  override rowsOfThread(key: ThreadKey, afterId: number, limit: number): Promise<LogRow[]> {
    return this.database.run(() =>
      rowsAfter(this.database, laneOf(key), afterId, Infinity)
        .filter((row) => threadName(row) === threadName(key))
        .slice(0, limit),
    );
  }

  override lastIds(): Promise<number[]> {
    return this.database.run(() => this.database.lanes.map(({ lastId }) => lastId));
  }
}

const stalledName = ({ lane, appId, pageId, psid }: StalledKey) => `${lane} ${appId} ${pageId} ${psid}`;
const blockName = ({ lane, appId, firstId }: Pick<OwedBlock, 'lane' | 'appId' | 'firstId'>) =>
  `${lane} ${appId} ${firstId}`;

export class MemoryCursorStore extends CursorStore {
  constructor(private readonly database: MemoryDatabase) {
    super(noPool);
  }

  get #now(): number {
    return this.database.simulator.nowMs;
  }

  override announce(holder: string, aliveForMs: number): Promise<number> {
    return this.database.run(() => {
      const { dispatchers } = this.database;
      dispatchers.set(holder, this.#now);
      return [...dispatchers.values()].filter((at) => at > this.#now - aliveForMs).length;
    });
  }

  override withdraw(holder: string): Promise<void> {
    return this.database.run(() => void this.database.dispatchers.delete(holder));
  }

  override claim(holder: string, held: readonly number[], limit: number, leaseMs: number): Promise<ClaimedLane[]> {
    return this.database.run(() => {
      const claimed: ClaimedLane[] = [];
      this.database.cursors.forEach((cursor, lane) => {
        const free = cursor.holder === null || cursor.until < this.#now || cursor.holder === holder;
        if (!free || held.includes(lane) || claimed.length >= limit) return;
        Object.assign(cursor, { holder, epoch: cursor.epoch + 1, until: this.#now + leaseMs });
        claimed.push({ lane, epoch: cursor.epoch, lastId: cursor.lastId });
      });
      return claimed;
    });
  }

  override renew(leases: readonly LaneLease[], leaseMs: number): Promise<number[]> {
    return this.database.run(() =>
      this.#held(leases).map((lane) => {
        const cursor = this.database.cursors[lane];
        if (cursor !== undefined) cursor.until = this.#now + leaseMs;
        return lane;
      }),
    );
  }

  override release(leases: readonly LaneLease[]): Promise<void> {
    return this.database.run(() => {
      for (const lane of this.#held(leases))
        Object.assign(this.database.cursors[lane] ?? {}, { holder: null, until: 0 });
    });
  }

  override listHolders(): Promise<string[]> {
    return Promise.resolve([]);
  }

  override remains(lanes: readonly number[]): Promise<LaneRemains> {
    return this.database.run(() => {
      const blocks = [...this.database.owed.values()].filter(({ lane }) => lanes.includes(lane));
      const owed = Map.groupBy(blocks, ({ lane, appId }) => `${lane} ${appId}`);
      return {
        stalled: [...this.database.stalled.values()].filter(({ lane }) => lanes.includes(lane)),
        owed: [...owed.values()].flatMap((of) => {
          const [first] = of;
          if (first === undefined) return [];
          const earliest = Math.min(...of.flatMap(({ ids }) => ids.slice(0, 1)));
          const row = this.database.rows[first.lane]?.find(({ id }) => id === earliest);
          return [
            {
              lane: first.lane,
              appId: first.appId,
              firstAt: row?.at ?? null,
            },
          ];
        }),
        gaps: [],
      };
    });
  }

  override save({ positions, stalled, recovered, owed, trimmed, deadLetters }: Progress): Promise<number[]> {
    return this.database.run(() => {
      const { database } = this;
      const saved = new Set(this.#held(positions));
      for (const { lane, lastId } of positions) {
        const cursor = database.cursors[lane];
        if (saved.has(lane) && cursor !== undefined) cursor.lastId = lastId;
      }
      for (const each of stalled) {
        const { lane, appId, pageId, psid, firstId, skippedThrough, attempts, failingSince, nextAttemptAt } = each;
        const key = { lane, appId, pageId, psid };
        const { lastError } = each;
        const record = { ...key, firstId, skippedThrough, attempts, failingSince, nextAttemptAt, lastError };
        if (saved.has(lane)) database.stalled.set(stalledName(each), record);
      }
      for (const each of recovered) if (saved.has(each.lane)) database.stalled.delete(stalledName(each));
      for (const block of owed) {
        if (!saved.has(block.lane)) continue;
        const known = database.owed.get(blockName(block));
        database.owed.set(blockName(block), { ...block, ids: [...(known?.ids ?? []), ...block.ids] });
      }
      for (const trim of trimmed) {
        const block = database.owed.get(blockName(trim));
        if (!saved.has(trim.lane) || block === undefined) continue;
        const ids = block.ids.filter((id) => id > trim.throughId);
        if (ids.length > 0) database.owed.set(blockName(trim), { ...block, ids });
        else database.owed.delete(blockName(trim));
      }
      for (const letter of deadLetters) {
        const { lane, id, notice } = letter;
        if (saved.has(lane)) database.deadLetters.set(`${lane}-${id}-${notice}`, letter);
      }
      return [...saved];
    });
  }

  override findOwed(lane: number, app: AppId, except: readonly number[]): Promise<OwedBlock | null> {
    return this.database.run(() => {
      const [next] = [...this.database.owed.values()]
        .filter((block) => block.lane === lane && block.appId === app && !except.includes(block.firstId))
        .sort((a, b) => a.firstId - b.firstId);
      return next === undefined ? null : { ...next, ids: [...new Set(next.ids)].sort((a, b) => a - b) };
    });
  }

  override recordAttempts(): Promise<void> {
    return Promise.resolve();
  }

  override markTold(): Promise<void> {
    return this.database.run(() => undefined);
  }

  override listReplayedApps(): Promise<AppId[]> {
    return Promise.resolve([]);
  }

  #held(leases: readonly LaneLease[]): number[] {
    return leases.filter(({ lane, epoch }) => this.database.cursors[lane]?.epoch === epoch).map(({ lane }) => lane);
  }
}

export class MemoryConfigStore extends ConfigStore {
  constructor(private readonly database: MemoryDatabase) {
    super({} as ConstructorParameters<typeof ConfigStore>[0], testVault);
  }

  override read(): Promise<Configuration> {
    return this.database.run(() => this.database.configuration);
  }

  override epoch(): Promise<number> {
    return this.database.run(() => this.database.configuration.epoch);
  }
}

export class MemoryQuarantineStore extends QuarantineStore {
  constructor(private readonly database: MemoryDatabase) {
    super(noPool);
  }

  override add(items: readonly unknown[]): Promise<void> {
    return this.database.run(() => void (this.database.quarantined += items.length));
  }
}
