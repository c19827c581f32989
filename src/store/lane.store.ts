import type { Pool, PoolClient } from 'pg';
import { laneOf, type ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import { machineVersion } from '../domain/thread/thread.machine.js';
import type { Thread } from '../domain/thread/thread.js';
import { type ErasedPeople, readErasedPeople } from './erased-people.js';
import { LogPartitions } from './log-partitions.js';
import { bigint, parameters, smallint, unnested, type ParameterColumns } from './parameter-columns.js';
import {
  keyFrom,
  newestColumn,
  rowColumns,
  rowFrom,
  rowSelection,
  sourceHash,
  type KeyRecord,
  type RowRecord,
} from './records.js';
import { readThreads } from './thread-reads.js';

/** What one commit writes to one lane. */
export interface LaneBatch {
  readonly lane: number;
  /** The lane's last id when the batch was decided. */
  readonly expected: number;
  /** The rows that follow it, numbered `expected + 1` and on. */
  readonly rows: readonly LogRow[];
  /** Each changed thread once: the very object that its last row has. */
  readonly threads: readonly Thread[];
}

/** A lane as the commit found it, locked. */
export interface LaneState {
  readonly lane: number;
  readonly lastId: number;
  readonly configEpoch: number;
}

/** Someone to run statements on: the pool, or one client inside a transaction. */
type Queryable = Pick<Pool, 'query'>;

/**
 * Writes the log. A batch is one statement whatever its size, and it needs no transaction: a lane's rows are written only
 * if the lane is still where the batch was decided and the configuration is still the same. A lane that has moved on is
 * left alone, and the caller catches up and decides again.
 */
export class LaneStore {
  readonly #pool: Pool;
  readonly #prepared: boolean;
  readonly #partitions: LogPartitions;

  constructor(pool: Pool, options: { prepared: boolean }) {
    this.#pool = pool;
    this.#prepared = options.prepared;
    this.#partitions = new LogPartitions(pool);
  }

  /** Where each of these lanes is. */
  async states(lanes: readonly number[], on: Queryable = this.#pool): Promise<LaneState[]> {
    const { rows } = await on.query<LaneRecord>(
      'select lane, last_id, config_epoch from lane where lane = any($1::smallint[])',
      [lanes],
    );
    return rows.map(laneStateFrom);
  }

  /** The threads that exist among `keys`. */
  findThreads(keys: readonly ThreadKey[], on: Queryable = this.#pool): Promise<Thread[]> {
    return readThreads(on, keys, { prepared: this.#prepared });
  }

  /** A lane's rows after an id, oldest first: what another instance has written meanwhile. */
  async rowsAfter(lane: number, afterId: number, limit: number, on: Queryable = this.#pool): Promise<LogRow[]> {
    const { rows } = await on.query<RowRecord>({
      ...this.#named('rows_after'),
      text: `select ${rowSelection} from log where lane = $1 and id > $2 order by id limit $3`,
      values: [lane, afterId, limit],
    });
    return rows.map(rowFrom);
  }

  /**
   * Commits the batches whose lane nobody has written to since `expected`, if the configuration is still `epoch`. Answers
   * each lane as it was found before; a lane was committed if that is where its batch expected it.
   */
  async commit(epoch: number, batches: readonly LaneBatch[], on: Queryable = this.#pool): Promise<LaneState[]> {
    const inOrder = [...batches].sort((a, b) => a.lane - b.lane);
    const rows = inOrder.flatMap((batch) => batch.rows);
    const newest = new Set(inOrder.flatMap((batch) => batch.threads));
    await this.#partitions.ensure(rows);
    const { rows: states } = await on.query<LaneRecord>({
      ...this.#named('commit'),
      text: commitStatement,
      values: [
        epoch,
        ...parameters(batchColumns, inOrder),
        newestColumn(newest).values(rows),
        ...parameters(rowColumns, rows),
      ],
    });
    return states.map(laneStateFrom);
  }

  /** Who was erased of these lanes; a lane where nobody was is left out. */
  erasedPeople(lanes: readonly number[], on: Queryable = this.#pool): Promise<Map<number, ErasedPeople>> {
    return readErasedPeople(on, lanes);
  }

  /** Runs `work` while nobody else can write to these lanes: for callers that have lost the race several times. */
  async withLocked<T>(
    lanes: readonly number[],
    work: (states: LaneState[], client: PoolClient) => Promise<T>,
  ): Promise<T> {
    const client = await this.#pool.connect();
    let broken = false;
    try {
      await client.query('begin');
      const { rows } = await client.query<LaneRecord>(
        'select lane, last_id, config_epoch from lane where lane = any($1::smallint[]) order by lane for update',
        [lanes],
      );
      const answer = await work(rows.map(laneStateFrom), client);
      await client.query('commit');
      return answer;
    } catch (error) {
      await client.query('rollback').catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** The rows of these events, as far as they exist. */
  async rowsBySource(sources: readonly { lane: number; sourceId: string; day: string }[]): Promise<LogRow[]> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection}
         from log join unnest($1::smallint[], $2::uuid[], $3::date[]) s (lane, source_hash, day)
                using (lane, source_hash, day)
        order by lane, id`,
      [
        sources.map((source) => source.lane),
        sources.map((source) => sourceHash(source.sourceId)),
        sources.map((source) => source.day),
      ],
    );
    return rows.map(rowFrom);
  }

  /** Threads whose wake-up time has come, oldest first. `now` in milliseconds since 1970. */
  async findDue(now: number, limit: number): Promise<ThreadKey[]> {
    // Woken too early, because the person went on writing: look again at the deadline. Nothing but this index reads
    // wake_at, so the lane need not know.
    await this.#pool.query(
      `update thread set wake_at = deadline_at
        where wake_at <= to_timestamp($1::float8 / 1000) and deadline_at > to_timestamp($1::float8 / 1000)`,
      [now],
    );
    const { rows } = await this.#pool.query<KeyRecord>(
      `select page_id, psid from thread where wake_at <= to_timestamp($1::float8 / 1000) order by wake_at limit $2`,
      [now, limit],
    );
    return rows.map(keyFrom);
  }

  /** Threads owned by an app that is not connected to their page. */
  async findOrphaned(limit: number): Promise<ThreadKey[]> {
    const { rows } = await this.#pool.query<KeyRecord>(
      `select page_id, psid from thread t
        where owner_app_id is not null
          and exists (select from page p where p.page_id = t.page_id)
          and not exists (select from connection c where c.page_id = t.page_id and c.app_id = t.owner_app_id)
        limit $1`,
      [limit],
    );
    return rows.map(keyFrom);
  }

  /** Lets the timer forget threads of a page that no longer exists. */
  async disarm(keys: readonly ThreadKey[]): Promise<void> {
    await this.#pool.query(
      `update thread t set wake_at = null from unnest($1::smallint[], $2::text[], $3::text[]) k (lane, page_id, psid)
        where t.lane = k.lane and t.page_id = k.page_id and t.psid = k.psid`,
      [keys.map(laneOf), keys.map((key) => key.pageId), keys.map((key) => key.psid)],
    );
  }

  /** The database's time, in milliseconds since 1970. */
  async databaseNow(): Promise<number> {
    const { rows } = await this.#pool.query<{ now: string }>(
      'select floor(extract(epoch from clock_timestamp()) * 1000)::text as now',
    );
    return Number(rows[0]?.now);
  }

  #named(name: string): { name?: string } {
    return this.#prepared ? { name } : {};
  }
}

interface LaneRecord {
  lane: number;
  last_id: string;
  config_epoch: string;
}

function laneStateFrom(record: LaneRecord): LaneState {
  return { lane: record.lane, lastId: Number(record.last_id), configEpoch: Number(record.config_epoch) };
}

const batchColumns = {
  lane: smallint((batch) => batch.lane),
  expected: bigint((batch) => batch.expected),
  next_id: bigint((batch) => batch.expected + batch.rows.length),
} satisfies ParameterColumns<LaneBatch>;
const firstRowColumn = 2 + Object.keys(batchColumns).length;
const logged = Object.keys(rowColumns).join(', ');

/*
 * $1 is the configuration's epoch; then come the columns of the batches, of which $2 are the lanes, and of the rows.
 * Lanes are locked in order first: two commits over the same lanes would deadlock otherwise. Rows come sorted by lane and
 * id, so that those that follow each other in an index are written one after the other.
 */
const commitStatement = `
  with batch as (
    select ${unnested(batchColumns, 2)}
  ), locked as (
    select lane, last_id, config_epoch from lane where lane = any($2::smallint[]) order by lane for update
  ), moved as (
    update lane set last_id = batch.next_id
      from batch join locked using (lane)
     where lane.lane = batch.lane and locked.last_id = batch.expected and locked.config_epoch = $1::bigint
       and lane.last_id = batch.expected
    returning lane.lane
  ), event as materialized (
    select ${unnested({ is_newest: newestColumn(new Set()), ...rowColumns }, firstRowColumn)}
  ), saved as (
    insert into thread (lane, page_id, psid, channel, state, owner_app_id, previous_owner_app_id, entry_point,
                        pending_referral, owner_since, last_user_event_at, deadline_at, wake_at, last_at, version,
                        machine_version)
    select lane, page_id, psid, channel, state, owner_app_id, previous_owner_app_id, entry_point, pending_referral,
           owner_since, last_user_event_at, deadline_at, deadline_at, at, version, ${machineVersion}
      from event join moved using (lane)
     where is_newest
    on conflict (lane, page_id, psid) do update
       set state = excluded.state, owner_app_id = excluded.owner_app_id,
           previous_owner_app_id = excluded.previous_owner_app_id, entry_point = excluded.entry_point,
           pending_referral = excluded.pending_referral, owner_since = excluded.owner_since,
           last_user_event_at = excluded.last_user_event_at, deadline_at = excluded.deadline_at,
           wake_at = case when excluded.deadline_at is null then null
                          else coalesce(thread.wake_at, excluded.deadline_at) end,
           last_at = excluded.last_at, version = excluded.version, machine_version = excluded.machine_version
  ), logged as (
    insert into log (${logged}) select ${logged} from event join moved using (lane)
  )
  select lane, last_id, config_epoch from locked`;
