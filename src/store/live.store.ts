import type { DataSource } from 'typeorm';
import { appId, laneOf, type ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Thread, ThreadState } from '../domain/thread/thread.js';
import type { EndedAttempt } from './ended-attempts.js';
import { keyFrom, milliseconds, rowFrom, rowSelection, type KeyRecord, type RowRecord } from './records.js';

/** A row of the log and how its thread stood before; null: it began with this row, or what came before is gone. */
export interface FollowedRow {
  readonly row: LogRow;
  readonly before: Pick<Thread, 'state' | 'ownerAppId'> | null;
}

/** How far somebody who follows everything has come. */
export interface LivePosition {
  /** The last row seen of each lane. */
  readonly lanes: readonly number[];
  /** The first transaction whose tries of deliveries may not have been seen. */
  readonly attempts: number;
}

/** Tries at once at most; more than one statement of the dispatcher writes. */
const attemptsMax = 20_000;

interface FollowedRecord extends RowRecord {
  before_state: ThreadState | null;
  before_owner: string | null;
}

interface AttemptRecord extends KeyRecord {
  xact: string;
  lane: number;
  id: string;
  notice: number;
  app_id: string;
  attempt: number;
  at: number;
  status: number | null;
  duration_ms: number;
  error: string | null;
}

/** Reads what happens as it happens: rows of the log by lane, tries of deliveries by the transaction that wrote them. */
export class LiveStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Where everything up to now has been seen. */
  async now(): Promise<LivePosition> {
    const [{ first = '0' } = {}]: { first?: string }[] = await this.dataSource.query(
      'select pg_snapshot_xmin(pg_current_snapshot())::text as first',
    );
    return { lanes: await this.lastIds(), attempts: Number(first) };
  }

  /** The last id of each lane, by lane. */
  async lastIds(): Promise<number[]> {
    const rows: { last_id: string }[] = await this.dataSource.query('select last_id from lane order by lane');
    return rows.map((row) => Number(row.last_id));
  }

  /**
   * Up to `limit` rows after these positions and up to `until`, lane by lane, each lane in order; of one thread, of one
   * page, or all. Rows become visible together with their lane's last id, so a position never passes a row that is yet to
   * come.
   */
  async rowsAfter(
    positions: readonly number[],
    until: readonly number[],
    filter: { readonly pageId?: string | undefined; readonly psid?: string | undefined },
    limit: number,
  ): Promise<FollowedRow[]> {
    const { pageId, psid } = filter;
    const thread = pageId !== undefined && psid !== undefined ? keyFrom({ page_id: pageId, psid }) : null;
    const lanes = until
      .map((_, lane) => lane)
      .filter((lane) => (until[lane] ?? 0) > (positions[lane] ?? 0) && (thread === null || laneOf(thread) === lane));
    if (lanes.length === 0) return [];
    const rows: FollowedRecord[] = await this.dataSource.query(
      `select c.* from unnest($1::smallint[], $2::bigint[], $3::bigint[]) w (lane, after_id, last_id),
        lateral (
          select ${rowSelection}, before_state, before_owner from (
            select l.*, p.state as before_state, p.owner_app_id as before_owner
              from log l
              left join lateral (
                select state, owner_app_id from log p
                 where p.lane = l.lane and p.psid = l.psid and p.page_id = l.page_id and p.id < l.id
                 order by p.id desc limit 1) p on true
             where l.lane = w.lane and l.id > w.after_id and l.id <= w.last_id
               and ($5::text is null or l.page_id = $5) and ($6::text is null or l.psid = $6)
             order by l.id limit $4) found) c
        order by c.lane, c.id::bigint limit $4`,
      [
        lanes,
        lanes.map((lane) => positions[lane] ?? 0),
        lanes.map((lane) => until[lane] ?? 0),
        limit,
        pageId ?? null,
        psid ?? null,
      ],
    );
    return rows.map(followedFrom);
  }

  /** A thread's rows after an id, oldest first, each with the thread before it. */
  async rowsOfThread(key: ThreadKey, afterId: number, limit: number): Promise<FollowedRow[]> {
    const lane = laneOf(key);
    const after = Array.from({ length: lane + 1 }, () => 0);
    const until = [...after];
    after[lane] = afterId;
    until[lane] = Number.MAX_SAFE_INTEGER;
    return this.rowsAfter(after, until, key, limit);
  }

  /**
   * Tries of deliveries from a transaction on, and the first transaction that may still bring some. What comes after that
   * one comes again with the next call.
   */
  async attemptsFrom(first: number): Promise<{ attempts: readonly EndedAttempt[]; next: number }> {
    // The snapshot is taken before the rows are read: a transaction that ends in between is read again.
    const [{ first: next = '0' } = {}]: { first?: string }[] = await this.dataSource.query(
      'select pg_snapshot_xmin(pg_current_snapshot())::text as first',
    );
    const rows: AttemptRecord[] = await this.dataSource.query(
      `select a.xact::text as xact, a.lane, a.id, a.notice, a.app_id, a.attempt, a.status, a.duration_ms, a.error,
              ${milliseconds('a.at').replace(/ as a\.at$/, ' as at')}, l.page_id, l.psid
         from attempt a join log l on l.lane = a.lane and l.id = a.id
        where a.xact >= $1::text::xid8 order by a.xact limit $2`,
      [String(first), attemptsMax],
    );
    const last = rows.length < attemptsMax ? undefined : rows.at(-1);
    return { attempts: rows.map(attemptFrom), next: last === undefined ? Number(next) : Number(last.xact) };
  }
}

function followedFrom(record: FollowedRecord): FollowedRow {
  const { before_state: state, before_owner: owner } = record;
  const before = state === null ? null : { state, ownerAppId: owner === null ? null : appId(owner) };
  return { row: rowFrom(record), before };
}

function attemptFrom(record: AttemptRecord): EndedAttempt {
  return {
    ...keyFrom(record),
    lane: record.lane,
    id: Number(record.id),
    notice: record.notice,
    appId: appId(record.app_id),
    attempt: record.attempt,
    at: record.at,
    status: record.status,
    durationMs: record.duration_ms,
    error: record.error,
  };
}
