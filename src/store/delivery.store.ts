import type { DataSource } from 'typeorm';
import type { DeliveryKey } from '../domain/delivery-id.js';
import { type AppId, laneOf, type PageId, type ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Notice } from '../domain/notice.js';
import { rowFrom, rowSelection, type RowRecord } from './records.js';

export const deliveryStatuses = ['pending', 'held', 'retrying', 'delivered', 'dead_letter', 'replaying'] as const;
/**
 * How a delivery stands. `pending`: not dispatched yet; `held`: owed to an app that is paused or failing as a whole;
 * `retrying`: it, or an earlier one of the same thread, waits for its next attempt; `dead_letter`: given up;
 * `replaying`: to be sent again.
 */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export interface DeliveryAttempt {
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The HTTP status; null without an answer. */
  readonly status: number | null;
  readonly durationMs: number;
  readonly error: string | null;
}

/** One notice of a log row: what an app was owed, and what became of it. */
export interface DeliveryRecord extends DeliveryKey {
  readonly row: LogRow;
  readonly told: Notice;
  readonly status: DeliveryStatus;
  /** Why it was given up or waits. */
  readonly reason: string | null;
  /** Milliseconds since 1970. */
  readonly nextAttemptAt: number | null;
  /** As far as they are kept, oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
}

export interface DeliveryFilter {
  readonly appId?: AppId;
  readonly pageId?: PageId;
  readonly status?: DeliveryStatus;
}

/** What one step of a list found, and where the next one begins; null at the end. */
export interface DeliveryPage {
  readonly deliveries: readonly DeliveryRecord[];
  readonly next: DeliveryKey | null;
}

/** Rows looked at for one page of a list at most: a rare status must not make one call read the whole log. */
const scanMax = 5_000;
const scanStep = 500;

/** Reads what each app was owed and got: the notices of the log, held against what dispatching has noted of them. */
export class DeliveryStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Those of these deliveries that there are, in the order of the log. */
  async find(keys: readonly DeliveryKey[]): Promise<DeliveryRecord[]> {
    const rows = await this.#rows('(l.lane, l.id) in (select * from unnest($1::smallint[], $2::bigint[]))', [
      keys.map(({ lane }) => lane),
      keys.map(({ id }) => id),
    ]);
    const wanted = new Set(keys.map(nameOf));
    return this.#describe(rows.flatMap(noticesOf).filter((notice) => wanted.has(nameOf(notice))));
  }

  /** A thread's deliveries in order, after one. */
  async listOfThread(key: ThreadKey, after: DeliveryKey | null, limit: number): Promise<DeliveryPage> {
    return this.#scan(after, {}, limit, async (from, step) =>
      this.#rows(`l.lane = $1 and l.page_id = $2 and l.psid = $3 and l.id >= $4 ${someNotice} order by l.id limit $5`, [
        laneOf(key),
        key.pageId,
        key.psid,
        from?.id ?? 0,
        step,
      ]),
    );
  }

  /** Deliveries of all threads in the order of the log, lane by lane, after one. May find fewer than there are. */
  async list(filter: DeliveryFilter, after: DeliveryKey | null, limit: number): Promise<DeliveryPage> {
    // The id is digits only, so it means nothing to LIKE; whether the row is really meant is looked at again below.
    const mentions = filter.appId === undefined ? null : `%${filter.appId}%`;
    return this.#scan(after, filter, limit, async (from, step) =>
      this.#rows(
        `(l.lane, l.id) >= ($1, $2) ${someNotice} and ($3::text is null or l.notices like $3)
         and ($4::text is null or l.page_id = $4) order by l.lane, l.id limit $5`,
        [from?.lane ?? 0, from?.id ?? 0, mentions, filter.pageId ?? null, step],
      ),
    );
  }

  /** Reads on, a step at a time, until the page is full, the end is reached or enough was looked at. */
  async #scan(
    after: DeliveryKey | null,
    filter: DeliveryFilter,
    limit: number,
    read: (from: DeliveryKey | null, step: number) => Promise<LogRow[]>,
  ): Promise<DeliveryPage> {
    const found: DeliveryRecord[] = [];
    let position = after;
    for (let scanned = 0; scanned < scanMax; scanned += scanStep) {
      const rows = await read(position, scanStep);
      const notices = rows.flatMap(noticesOf).filter((notice) => isAfter(notice, position));
      const described = await this.#describe(
        notices.filter(({ told }) => filter.appId === undefined || told.appId === filter.appId),
      );
      for (const delivery of described) {
        if (filter.status !== undefined && delivery.status !== filter.status) continue;
        if (found.length === limit) return { deliveries: found, next: keyOf(found[limit - 1]) };
        found.push(delivery);
      }
      if (rows.length < scanStep) return { deliveries: found, next: null };
      position = keyOf(notices.at(-1)) ?? position;
    }
    return { deliveries: found, next: position };
  }

  async #rows(where: string, parameters: unknown[]): Promise<LogRow[]> {
    const rows: RowRecord[] = await this.dataSource.query(
      `select ${rowSelection} from (select l.* from log l where ${where}) l order by lane, l.id`,
      parameters,
    );
    return rows.map(rowFrom);
  }

  /** Adds to each notice what dispatching has noted of it. */
  async #describe(notices: readonly FoundNotice[]): Promise<DeliveryRecord[]> {
    if (notices.length === 0) return [];
    const states: StateRow[] = await this.dataSource.query(stateStatement, [
      notices.map(({ lane }) => lane),
      notices.map(({ id }) => id),
      notices.map(({ notice }) => notice),
      notices.map(({ told }) => told.appId),
      notices.map(({ row }) => row.pageId),
      notices.map(({ row }) => row.psid),
    ]);
    return notices.map((found, index) => {
      const state = states[index];
      if (state === undefined) throw new Error('a delivery has no state');
      const attempts = state.attempts ?? [];
      const acknowledged = attempts.some(({ status }) => status !== null && status >= 200 && status < 300);
      const status = statusOf(state, acknowledged);
      return {
        ...found,
        status,
        reason: status === 'dead_letter' ? state.dead_reason : status === 'retrying' ? state.last_error : null,
        nextAttemptAt: status === 'retrying' ? state.next_attempt_ms : null,
        attempts: attempts.map(({ attempt, at, status: answered, duration_ms, error }) => ({
          attempt,
          at,
          status: answered,
          durationMs: duration_ms,
          error,
        })),
      };
    });
  }
}

const someNotice = 'and l.notices is not null';

interface FoundNotice extends DeliveryKey {
  readonly row: LogRow;
  readonly told: Notice;
}

function noticesOf(row: LogRow): FoundNotice[] {
  return row.notices.map((told, notice) => ({ lane: row.lane, id: row.id, notice, row, told }));
}

function keyOf(found: DeliveryKey | undefined): DeliveryKey | null {
  return found === undefined ? null : { lane: found.lane, id: found.id, notice: found.notice };
}

const nameOf = ({ lane, id, notice }: DeliveryKey) => `${lane}-${id}-${notice}`;

/** In the order of the log. */
function isAfter(key: DeliveryKey, other: DeliveryKey | null): boolean {
  return other === null || (key.lane - other.lane || key.id - other.id || key.notice - other.notice) > 0;
}

interface StateRow {
  dispatched: boolean;
  owed: boolean;
  replaying: boolean;
  next_attempt_ms: number | null;
  last_error: string | null;
  dead_reason: string | null;
  dead: boolean;
  replayed: boolean;
  attempts: { attempt: number; at: number; status: number | null; duration_ms: number; error: string | null }[] | null;
}

function statusOf(state: StateRow, acknowledged: boolean): DeliveryStatus {
  if (state.replaying) return 'replaying';
  if (state.dead) return state.replayed ? 'delivered' : 'dead_letter';
  // Positions are saved a moment later than attempts, so an attempt that succeeded counts first.
  if (acknowledged) return 'delivered';
  if (state.last_error !== null) return 'retrying';
  if (state.owed) return 'held';
  return state.dispatched ? 'delivered' : 'pending';
}

const ms = (column: string) => `round(extract(epoch from ${column}) * 1000)::float8`;

const stateStatement = `
  select coalesce(c.last_id >= k.id, false) as dispatched,
         exists (select from owed o where o.lane = k.lane and o.app_id = k.app_id and k.id = any (o.ids)) as owed,
         exists (select from replay r where r.lane = k.lane and r.app_id = k.app_id and r.id = k.id and r.notice = k.notice)
           as replaying,
         ${ms('s.next_attempt_at')} as next_attempt_ms, s.last_error,
         d.reason as dead_reason, d.lane is not null as dead, d.replayed_at is not null as replayed,
         (select json_agg(json_build_object('attempt', a.attempt, 'at', ${ms('a.at')}, 'status', a.status,
                                            'duration_ms', a.duration_ms, 'error', a.error) order by a.at, a.attempt)
            from attempt a where a.lane = k.lane and a.id = k.id and a.notice = k.notice) as attempts
    from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[])
         with ordinality k (lane, id, notice, app_id, page_id, psid, n)
    left join cursor c on c.lane = k.lane
    left join stalled s on s.lane = k.lane and s.app_id = k.app_id and s.page_id = k.page_id and s.psid = k.psid
                       and s.first_id <= k.id
    left join dead_letter d on d.lane = k.lane and d.id = k.id and d.notice = k.notice
   order by k.n`;
