import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import { threadName } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Thread } from '../domain/thread/thread.js';
import type { CommittedRows } from '../store/committed-rows.js';
import type { ConfigurationCache } from '../store/configuration.cache.js';
import { faultOf } from '../store/database-errors.js';
import type { LaneState, LaneStore } from '../store/lane.store.js';
import { dayOf } from '../store/log-partitions.js';
import type { QuarantineStore } from '../store/quarantine.store.js';
import { batchCommitted } from '../telemetry/signals.js';
import { decideBatch, type DecidedBatch } from './batch.js';
import type { Pending } from './commit-queue.js';
import { RouterBusyError, type Outcome } from './submission.js';
import { ThreadCache } from './thread-cache.js';

/** After this many lost races the lanes are locked first. */
const missesMax = 3;
/** How long callers wait for a database that does not answer, in milliseconds, before they get 503. */
const patienceMs = 5_000;
const retryDelayMs = 100;
/** A batch needs a round for each lost race and each duplicate; far beyond that something is wrong. */
const roundsMax = 100;
const catchUpRows = 1_000;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Commits batches of submissions. Batches under way at the same time must not share a lane.
 *
 * Cast: `decideBatch` decides a batch on what is in memory; `LaneStore.commit` writes it if nobody else has written to its
 * lanes meanwhile. Guarantee: a caller is answered only after its rows are committed, and a submission has one effect
 * however often it is sent. Failure: a lane that moved on is caught up and its part decided again; when the database does
 * not answer for a while, callers get `RouterBusyError`.
 */
export class Committer {
  readonly #cache: ThreadCache;

  constructor(
    private readonly lanes: LaneStore,
    private readonly configuration: ConfigurationCache,
    private readonly quarantine: QuarantineStore,
    private readonly committedRows: CommittedRows,
    private readonly clock: Clock,
    private readonly failpoints: Failpoints,
    cacheMax: number,
  ) {
    this.#cache = new ThreadCache(cacheMax);
  }

  /** Answers every submission of the batch, with its outcome or with an error. */
  async commit(batch: readonly Pending[]): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const pending of batch) pending.reject(failure);
    }
  }

  /** Commits a batch, part by part if need be, until each of its submissions is answered. */
  async #commit(batch: readonly Pending[]): Promise<void> {
    let open = batch;
    const givingUpAt = this.clock.monotonicMs() + patienceMs;
    // Hardly ever is an event twice in one batch, so it is not looked for before the database has met one.
    let apart = false;
    for (let misses = 0, rounds = 0; open.length > 0; rounds++) {
      if (rounds === roundsMax) throw new Error('a batch did not settle');
      try {
        open = await this.#answerKnownKeys(open);
        if (open.length === 0) return;
        open = misses < missesMax ? await this.#tryOnce(open, apart) : await this.#tryLocked(open, apart);
        misses++;
      } catch (error) {
        switch (faultOf(error)) {
          case 'duplicate':
            apart = true;
            open = await this.#answerDuplicates(open);
            break;
          case 'bad_data':
            return this.#bisect(open, error);
          case 'retry':
            misses = missesMax;
            break;
          case 'unknown_outcome':
            open = await this.#settle(open, givingUpAt, error);
            break;
          case 'bug':
            this.#forget(open);
            throw error;
        }
      }
    }
  }

  /** Decides and commits without holding a lock meanwhile; returns what has to be decided again. */
  async #tryOnce(open: readonly Pending[], apart: boolean): Promise<readonly Pending[]> {
    const { epoch } = this.configuration.current();
    await this.#load(open);
    const { first, repeated } = apart ? separateRepeated(open) : { first: open, repeated: [] };
    const decided = this.#decide(first);
    this.failpoints.pass('ingest.beforeCommit');
    const startedMs = this.clock.monotonicMs();
    const states = await this.lanes.commit(epoch, decided.lanes);
    batchCommitted.tell({ events: first.length, durationMs: this.clock.monotonicMs() - startedMs });
    this.failpoints.pass('ingest.afterCommit');
    return [...(await this.#apply(first, decided, epoch, states)), ...repeated];
  }

  /** The same with the lanes locked, so that nobody can be faster. */
  async #tryLocked(open: readonly Pending[], apart: boolean): Promise<readonly Pending[]> {
    const { first, repeated } = apart ? separateRepeated(open) : { first: open, repeated: [] };
    const lanes = [...new Set(first.map(({ lane }) => lane))].sort((a, b) => a - b);
    const [decided, epoch, states] = await this.lanes.withLocked(lanes, async (locked, client) => {
      // A configuration change holds the lanes' locks until it is committed, so what is read now is what they hold.
      let { epoch } = this.configuration.current();
      if (locked.some((state) => state.configEpoch !== epoch)) ({ epoch } = await this.configuration.refresh());
      for (const state of locked) await this.#catchUp(state, client);
      await this.#load(first, client);
      const decided = this.#decide(first);
      this.failpoints.pass('ingest.beforeCommit');
      return [decided, epoch, await this.lanes.commit(epoch, decided.lanes, client)] as const;
    });
    this.failpoints.pass('ingest.afterCommit');
    return [...(await this.#apply(first, decided, epoch, states)), ...repeated];
  }

  #decide(open: readonly Pending[]): DecidedBatch {
    return decideBatch(open, this.configuration.current(), {
      erasedAt: (key) => this.#cache.erasedAt(key),
      lastId: (lane) => this.#cache.lastId(lane) ?? 0,
      now: this.clock.now(),
    });
  }

  /** Answers what was committed, brings the other lanes up to date and returns their submissions. */
  async #apply(
    open: readonly Pending[],
    decided: DecidedBatch,
    epoch: number,
    states: readonly LaneState[],
  ): Promise<Pending[]> {
    const found = new Map(states.map((state) => [state.lane, state]));
    const committed = new Set<number>();
    for (const batch of decided.lanes) {
      const state = found.get(batch.lane);
      if (state === undefined) throw new Error(`lane ${batch.lane} does not exist`);
      if (state.lastId !== batch.expected || state.configEpoch !== epoch) continue;
      committed.add(batch.lane);
      this.#cache.setLastId(batch.lane, batch.expected + batch.rows.length);
      for (const [cached, thread] of batch.changes) cached.thread = thread;
    }
    const lost: Pending[] = [];
    open.forEach((pending, index) => {
      const outcome = decided.outcomes[index];
      if (outcome !== undefined && committed.has(pending.lane)) pending.resolve(outcome);
      else lost.push(pending);
    });
    for (const batch of decided.lanes) {
      if (committed.has(batch.lane) && batch.rows.length > 0) this.committedRows.publish(batch.lane, batch.rows);
    }
    if (lost.length > 0) {
      if (states.some((state) => state.configEpoch !== epoch)) await this.configuration.refresh();
      for (const state of states) if (!committed.has(state.lane)) await this.#catchUp(state);
    }
    return lost;
  }

  /** Learns what others have written to a lane. */
  async #catchUp(state: LaneState, client?: PoolClient): Promise<void> {
    for (;;) {
      const after = this.#cache.lastId(state.lane);
      if (after === undefined || after >= state.lastId) {
        if (after === undefined) {
          await this.#learnErased([state.lane], client);
          this.#cache.setLastId(state.lane, state.lastId);
        }
        return;
      }
      const rows = await this.lanes.rowsAfter(state.lane, after, catchUpRows, client);
      for (const row of rows) this.#cache.refresh(row.thread);
      const last = rows.at(-1)?.id ?? after;
      const complete = rows.length < catchUpRows;
      // A lane has a hole where somebody was erased, and what is held of them must not come back: all of it is read anew.
      if (last - after > rows.length || (complete && last < state.lastId)) {
        this.#cache.forget(state.lane);
        await this.#learnErased([state.lane], client);
      }
      this.#cache.setLastId(state.lane, complete ? Math.max(state.lastId, last) : last);
    }
  }

  /** Reads the lanes and threads that are not in memory. */
  async #load(open: readonly Pending[], client?: PoolClient): Promise<void> {
    const lanes = new Set<number>();
    const unknown = new Map<string, Pending>();
    for (const pending of open) {
      if (this.#cache.lastId(pending.lane) === undefined) lanes.add(pending.lane);
      pending.cached = this.#cache.entry(pending.thread);
      if (pending.cached.thread === undefined) unknown.set(pending.thread, pending);
    }
    // Lanes first: a thread read afterwards can only be newer, and then the lane has moved on and the commit notices.
    if (lanes.size > 0) {
      const states = await this.lanes.states([...lanes], client);
      await this.#learnErased([...lanes], client);
      for (const state of states) this.#cache.setLastId(state.lane, state.lastId);
    }
    if (unknown.size > 0) {
      const pendings = [...unknown.values()];
      const keys = pendings.map(({ submission }) => submission.key);
      const found = new Map<string, Thread>();
      for (const thread of await this.lanes.findThreads(keys, client)) found.set(threadName(thread), thread);
      for (const { cached, thread } of pendings) cached.thread = found.get(thread) ?? null;
    }
  }

  /** Learns who was erased of these lanes. An erasure raises the lane's number, so a commit notices a later one. */
  async #learnErased(lanes: readonly number[], client?: PoolClient): Promise<void> {
    const erased = await this.lanes.erasedPeople(lanes, client);
    for (const lane of lanes) this.#cache.setErased(lane, erased.get(lane));
  }

  /** Answers calls whose idempotency key was used before. */
  async #answerKnownKeys(open: readonly Pending[]): Promise<readonly Pending[]> {
    if (open.every((pending) => pending.keyChecked)) return open;
    const left: Pending[] = [];
    for (const pending of open) {
      const { idempotency } = pending.submission;
      if (!pending.keyChecked && idempotency !== undefined) {
        const now = this.clock.now();
        const rows = await this.lanes.rowsBySource(
          [now, now - dayMs].map((at) => ({ lane: pending.lane, sourceId: idempotency.sourceId, day: dayOf(at) })),
        );
        pending.keyChecked = true;
        if (rows.length > 0) {
          const same = rows.every((row) => row.cause.requestHash === idempotency.requestHash);
          pending.resolve(same ? { result: 'duplicate', rows } : { result: 'key_reused' });
          continue;
        }
      }
      left.push(pending);
    }
    return left;
  }

  /** Answers the submissions that were committed before; returns the others. */
  async #answerDuplicates(open: readonly Pending[]): Promise<readonly Pending[]> {
    const committed = await this.#committedRowsOf(open);
    return open.filter((pending, index) => {
      const rows = committed[index] ?? [];
      if (rows.length === 0) return true;
      if (pending.submission.idempotency !== undefined) {
        // Two calls with one key at once: the one that lost looks its key up again and finds the other's rows.
        pending.keyChecked = false;
        return true;
      }
      pending.resolve(outcomeOf(rows));
      return false;
    });
  }

  /** The rows, if any, that each submission's own source ids already have. */
  async #committedRowsOf(open: readonly Pending[]): Promise<LogRow[][]> {
    const now = this.clock.now();
    const sources = open.flatMap(({ submission, lane }) =>
      submission.events.flatMap(({ sourceId, occurredAt }) =>
        // What is dated by its decision may have been decided before midnight.
        (occurredAt === null ? [now, now - dayMs] : [occurredAt]).map((at) => ({
          lane,
          sourceId,
          day: dayOf(at),
        })),
      ),
    );
    const rows = await this.lanes.rowsBySource(sources);
    return open.map(({ submission: { events }, lane }) =>
      rows.filter((row) => row.lane === lane && events.some(({ sourceId }) => sourceId === row.sourceId)),
    );
  }

  /** The connection broke during a commit: finds out what was written, or gives up after a while. */
  async #settle(open: readonly Pending[], givingUpAt: number, cause: unknown): Promise<readonly Pending[]> {
    this.#forget(open);
    while (this.clock.monotonicMs() < givingUpAt) {
      try {
        return await this.#answerDuplicates(open);
      } catch (error) {
        if (faultOf(error) !== 'unknown_outcome') throw error;
        await delay(retryDelayMs);
      }
    }
    const failure = new RouterBusyError('The database does not answer.', { cause });
    for (const pending of open) pending.reject(failure);
    return [];
  }

  /** Halves a batch until the row the database does not take stands alone. */
  async #bisect(open: readonly Pending[], error: unknown): Promise<void> {
    this.#forget(open);
    const [only] = open;
    if (open.length > 1) {
      const middle = Math.ceil(open.length / 2);
      await this.#commit(open.slice(0, middle));
      return this.#commit(open.slice(middle));
    }
    if (only === undefined) return;
    const reason = error instanceof Error ? error.message : String(error);
    await this.quarantine.add(
      only.submission.events.map(({ event }) => ({
        reason: 'refused_by_database',
        pageId: only.submission.key.pageId,
        payload: 'payload' in event ? event.payload : JSON.stringify(event),
      })),
      this.clock.now(),
    );
    only.resolve({ result: 'quarantined', reason });
  }

  #forget(open: readonly Pending[]): void {
    for (const { lane } of open) this.#cache.forget(lane);
  }
}

/** What a submission that was committed before came to: its rows tell. */
function outcomeOf(rows: readonly LogRow[]): Outcome {
  const last = rows.at(-1);
  return last !== undefined && last.refusal !== null
    ? { result: 'refused', refusal: last.refusal, thread: last.thread, rows }
    : { result: 'duplicate', rows };
}

/** The same event twice in one batch: only its first copy is decided now, and the other then finds its row. */
function separateRepeated(open: readonly Pending[]): { first: Pending[]; repeated: Pending[] } {
  const seen = new Set<string>();
  const first: Pending[] = [];
  const repeated: Pending[] = [];
  for (const pending of open) {
    const { events } = pending.submission;
    if (events.some(({ sourceId }) => seen.has(sourceId))) repeated.push(pending);
    else {
      for (const { sourceId } of events) seen.add(sourceId);
      first.push(pending);
    }
  }
  return { first, repeated };
}
