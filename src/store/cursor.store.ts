import type { Pool } from 'pg';
import type { DeliveryKey } from '../domain/delivery-id.js';
import { appId, type AppId, pageId, type PageId, psid, type Psid } from '../domain/ids.js';

/** A lane this instance may dispatch, until the lease ends. */
export interface LaneLease {
  readonly lane: number;
  /** Rises with every holder: what an earlier one still writes is refused. */
  readonly epoch: number;
}

export interface ClaimedLane extends LaneLease {
  /** Everything up to this row is dispatched, or stands in one of the tables beside the cursor. */
  readonly lastId: number;
}

/** A thread of an app that waits for its next attempt. Times in milliseconds since 1970. */
export interface StalledRecord {
  readonly lane: number;
  readonly appId: AppId;
  readonly pageId: PageId;
  readonly psid: Psid;
  /** The row that fails; everything of the thread from here on waits. */
  readonly firstId: number;
  /** The last row that was passed over because of it; 0: everything up to the lane's position. */
  readonly skippedThrough: number;
  readonly attempts: number;
  readonly failingSince: number;
  readonly nextAttemptAt: number;
  readonly lastError: string;
}

export type StalledKey = Pick<StalledRecord, 'lane' | 'appId' | 'pageId' | 'psid'>;

/** What an app is owed in a lane, apart from the ids themselves. */
export interface OwedSummary {
  readonly lane: number;
  readonly appId: AppId;
  /** When the first of them happened, in milliseconds since 1970; null if its row is gone. */
  readonly firstAt: number | null;
}

export interface OwedBlock {
  readonly lane: number;
  readonly appId: AppId;
  /** Names the block: the first id it was made with, or far below it for rows that go before all others. */
  readonly firstId: number;
  readonly ids: readonly number[];
}

/** Rows of a block up to `throughId` are settled; an empty block disappears. */
export interface OwedTrim {
  readonly lane: number;
  readonly appId: AppId;
  readonly firstId: number;
  readonly throughId: number;
}

export interface DeadLetter extends DeliveryKey {
  readonly appId: AppId;
  readonly pageId: PageId;
  readonly psid: Psid;
  readonly reason: string;
  /** When it was given up, in milliseconds since 1970. */
  readonly at: number;
  /** Whether the app's next delivery must speak of it. */
  readonly makesGap: boolean;
}

/** Dead letters of an app in a lane that no delivery has told of. */
export interface UntoldGap {
  readonly lane: number;
  readonly appId: AppId;
  readonly count: number;
  readonly first: DeliveryKey;
}

/** Everything a claimed lane starts from. */
export interface LaneRemains {
  readonly stalled: StalledRecord[];
  readonly owed: OwedSummary[];
  readonly gaps: UntoldGap[];
}

/** What changed since the last save: all of it is written, or nothing. */
export interface Progress {
  readonly positions: readonly (LaneLease & { readonly lastId: number })[];
  readonly stalled: readonly StalledRecord[];
  readonly recovered: readonly StalledKey[];
  readonly owed: readonly OwedBlock[];
  readonly trimmed: readonly OwedTrim[];
  readonly deadLetters: readonly DeadLetter[];
}

/** One POST, or the part of a batch that was one delivery's. */
export interface Attempt extends DeliveryKey {
  readonly appId: AppId;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status: number | null;
  readonly durationMs: number;
  readonly error: string | null;
}

export interface ReplayRequest extends DeliveryKey {
  readonly appId: AppId;
}

/** Which dead letters to send again. */
export interface ReplayRange {
  readonly appId: AppId;
  /** Given up at this time or later, and before; milliseconds since 1970. */
  readonly from?: number;
  readonly until?: number;
}

/** How an app's deliveries stand, over all instances. */
export interface DeliveryBacklog {
  readonly appId: AppId;
  readonly stalledThreads: number;
  readonly owed: number;
  readonly untoldDeadLetters: number;
  /** Given up and not sent again, told or not. */
  readonly deadLetters: number;
  /** When something of it is tried again, in milliseconds since 1970; null if nothing waits. */
  readonly nextAttemptAt: number | null;
  /** Why something of it waits. */
  readonly lastError: string | null;
  /** Since when its oldest failing delivery fails, in milliseconds since 1970; null if none does. */
  readonly failingSince: number | null;
}

const time = (expression: string) => `round(extract(epoch from ${expression}) * 1000)::float8`;
const from = (milliseconds: string) => `to_timestamp(${milliseconds} / 1000)`;

/** How far each lane is dispatched, by whom, and what remains beside the cursor. */
export class CursorStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Says that `holder` is alive; answers how many instances are. */
  async announce(holder: string, aliveForMs: number): Promise<number> {
    const { rows } = await this.#pool.query<{ alive: number }>(
      `with me as (
         insert into dispatcher (holder, seen_at) values ($1, clock_timestamp())
         on conflict (holder) do update set seen_at = excluded.seen_at
       ), gone as (
         delete from dispatcher where seen_at < clock_timestamp() - $2 * interval '10 milliseconds'
       )
       select 1 + count(*)::int as alive from dispatcher
        where holder <> $1
          -- Who was seen later than now was seen before the database's clock was set back.
          and seen_at between clock_timestamp() - $2 * interval '1 millisecond'
                          and clock_timestamp() + $2 * interval '1 millisecond'`,
      [holder, aliveForMs],
    );
    return rows[0]?.alive ?? 1;
  }

  async withdraw(holder: string): Promise<void> {
    await this.#pool.query('delete from dispatcher where holder = $1', [holder]);
  }

  /** Takes up to `limit` lanes whose lease has ended, or was given to the same holder before it restarted. */
  async claim(holder: string, held: readonly number[], limit: number, leaseMs: number): Promise<ClaimedLane[]> {
    const { rows } = await this.#pool.query<{ lane: number; lease_epoch: string; last_id: string }>(
      `with free as (
         select lane from cursor
          where (lease_until is null or holder = $1
                 -- Nobody takes a lease for so long: the database's clock was set back since.
                 or lease_until not between clock_timestamp() and clock_timestamp() + interval '5 minutes')
            and lane <> all ($2::smallint[])
          order by lane limit $3 for update skip locked
       )
       update cursor set holder = $1, lease_epoch = lease_epoch + 1,
                         lease_until = clock_timestamp() + $4 * interval '1 millisecond'
         from free where cursor.lane = free.lane
       returning cursor.lane, lease_epoch, last_id`,
      [holder, held, limit, leaseMs],
    );
    // Claimed lanes come as an UPDATE returns them, in no order.
    return rows
      .map((row) => ({ lane: row.lane, epoch: Number(row.lease_epoch), lastId: Number(row.last_id) }))
      .sort((a, b) => a.lane - b.lane);
  }

  /** Prolongs exactly these leases; answers the lanes that are still ours. */
  async renew(leases: readonly LaneLease[], leaseMs: number): Promise<number[]> {
    const { rows } = await this.#pool.query<{ lane: number }>(
      `with held as (${heldLanes})
       update cursor set lease_until = clock_timestamp() + $3 * interval '1 millisecond'
         from held where cursor.lane = held.lane
       returning cursor.lane`,
      [leases.map(({ lane }) => lane), leases.map(({ epoch }) => epoch), leaseMs],
    );
    return rows.map(({ lane }) => lane);
  }

  /** Gives leases back, so that another instance need not wait for their end. */
  async release(leases: readonly LaneLease[]): Promise<void> {
    await this.#pool.query(
      `with held as (${heldLanes})
       update cursor set holder = null, lease_until = null from held where cursor.lane = held.lane`,
      [leases.map(({ lane }) => lane), leases.map(({ epoch }) => epoch)],
    );
  }

  /** Everybody who holds a lane. */
  async listHolders(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ holder: string }>(
      'select distinct holder from cursor where holder is not null',
    );
    return rows.map(({ holder }) => holder);
  }

  /** Frees the lanes of holders that are known to be gone. */
  async releaseHeldBy(holders: readonly string[]): Promise<void> {
    await this.#pool.query(
      `with held as (select lane from cursor where holder = any ($1::text[]) order by lane for update)
       update cursor set holder = null, lease_until = null from held where cursor.lane = held.lane`,
      [holders],
    );
  }

  /** What earlier holders of these lanes left behind. */
  async remains(lanes: readonly number[]): Promise<LaneRemains> {
    const [stalled, owed, gaps] = await Promise.all([
      this.#pool.query<StalledRow>(
        `select lane, app_id, page_id, psid, first_id, skipped_through, attempts, last_error,
                ${time('failing_since')} as failing_since, ${time('next_attempt_at')} as next_attempt_at
           from stalled where lane = any ($1::smallint[])`,
        [lanes],
      ),
      this.#pool.query<OwedSummaryRow>(
        `select o.lane, o.app_id, ${time('l.at')} as first_at
           from (select lane, app_id, min(ids[1]) as first_id
                   from owed where lane = any ($1::smallint[]) group by lane, app_id) o
           left join log l on l.lane = o.lane and l.id = o.first_id`,
        [lanes],
      ),
      this.#pool.query<{ lane: number; app_id: string; count: number; id: string; notice: number }>(
        `select distinct on (lane, app_id) lane, app_id, id, notice, count(*) over (partition by lane, app_id)::int as count
           from dead_letter where lane = any ($1::smallint[]) and told_at is null order by lane, app_id, id, notice`,
        [lanes],
      ),
    ]);
    return {
      stalled: stalled.rows.map(stalledFrom),
      owed: owed.rows.map((row) => ({
        lane: row.lane,
        appId: appId(row.app_id),
        firstAt: row.first_at,
      })),
      gaps: gaps.rows.map((row) => ({
        lane: row.lane,
        appId: appId(row.app_id),
        count: row.count,
        first: { lane: row.lane, id: Number(row.id), notice: row.notice },
      })),
    };
  }

  /**
   * Saves progress in one statement. Nothing of a lane is written if its lease went to someone else; answers the lanes
   * that were saved. The same progress may be saved again when the outcome of the first time is unknown.
   */
  async save(progress: Progress): Promise<number[]> {
    const { positions, stalled, recovered, owed, trimmed, deadLetters } = progress;
    const { rows } = await this.#pool.query<{ lane: number }>(saveStatement, [
      positions.map(({ lane }) => lane),
      positions.map(({ epoch }) => epoch),
      positions.map(({ lastId }) => lastId),
      stalled.map(({ lane }) => lane),
      stalled.map((record) => record.appId),
      stalled.map((record) => record.pageId),
      stalled.map((record) => record.psid),
      stalled.map(({ firstId }) => firstId),
      stalled.map(({ skippedThrough }) => skippedThrough),
      stalled.map(({ attempts }) => attempts),
      stalled.map(({ failingSince }) => failingSince),
      stalled.map(({ nextAttemptAt }) => nextAttemptAt),
      stalled.map(({ lastError }) => lastError),
      recovered.map(({ lane }) => lane),
      recovered.map((key) => key.appId),
      recovered.map((key) => key.pageId),
      recovered.map((key) => key.psid),
      owed.map(({ lane }) => lane),
      owed.map((block) => block.appId),
      owed.map(({ firstId }) => firstId),
      owed.map(({ ids }) => `{${ids.join(',')}}`),
      trimmed.map(({ lane }) => lane),
      trimmed.map((trim) => trim.appId),
      trimmed.map(({ firstId }) => firstId),
      trimmed.map(({ throughId }) => throughId),
      deadLetters.map(({ lane }) => lane),
      deadLetters.map(({ id }) => id),
      deadLetters.map(({ notice }) => notice),
      deadLetters.map((letter) => letter.appId),
      deadLetters.map((letter) => letter.pageId),
      deadLetters.map((letter) => letter.psid),
      deadLetters.map(({ reason }) => reason),
      deadLetters.map(({ at }) => at),
      deadLetters.map(({ makesGap }) => makesGap),
    ]);
    return rows.map(({ lane }) => lane);
  }

  /** The app's first block of the lane but those named in `except`; null if there is none. */
  async findOwed(lane: number, app: AppId, except: readonly number[]): Promise<OwedBlock | null> {
    const { rows } = await this.#pool.query<{ first_id: string; ids: string[] }>(
      `select first_id, ids from owed
        where lane = $1 and app_id = $2 and first_id <> all ($3::bigint[]) order by first_id limit 1`,
      [lane, app, except],
    );
    const [row] = rows;
    if (row === undefined) return null;
    // A block may name an id twice, if it was written again after an unknown outcome.
    const ids = [...new Set(row.ids.map(Number))].sort((a, b) => a - b);
    return { lane, appId: app, firstId: Number(row.first_id), ids };
  }

  async recordAttempts(attempts: readonly Attempt[]): Promise<void> {
    await this.#pool.query(
      `insert into attempt (lane, id, notice, app_id, attempt, at, status, duration_ms, error)
       select a.lane, a.id, a.notice, a.app_id, a.attempt, ${from('a.at')}, a.status, a.duration_ms, a.error
         from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::text[], $5::int[], $6::float8[], $7::int[],
                     $8::int[], $9::text[])
              a (lane, id, notice, app_id, attempt, at, status, duration_ms, error)`,
      [
        attempts.map(({ lane }) => lane),
        attempts.map(({ id }) => id),
        attempts.map(({ notice }) => notice),
        attempts.map((attempt) => attempt.appId),
        attempts.map(({ attempt }) => attempt),
        attempts.map(({ at }) => at),
        attempts.map(({ status }) => status),
        attempts.map(({ durationMs }) => Math.round(durationMs)),
        attempts.map(({ error }) => error),
      ],
    );
  }

  /** The app has been told of everything it lost in these lanes up to a time (milliseconds since 1970). */
  async markTold(app: AppId, lanes: readonly number[], givenUpBy: number, at: number): Promise<void> {
    await this.#pool.query(
      `update dead_letter set told_at = ${from('$4::float8')}
        where lane = any ($2::smallint[]) and app_id = $1 and told_at is null and at <= ${from('$3::float8')}`,
      [app, lanes, givenUpBy, at],
    );
  }

  /** Asks for deliveries to be sent again; answers how many of them were not asked for already. */
  async requestReplays(requests: readonly ReplayRequest[], at: number): Promise<number> {
    const { rowCount } = await this.#pool.query(
      `insert into replay (lane, app_id, id, notice, requested_at)
       select lane, app_id, id, notice, ${from('$5::float8')}
         from unnest($1::smallint[], $2::text[], $3::bigint[], $4::smallint[]) r (lane, app_id, id, notice)
       on conflict do nothing`,
      [
        requests.map(({ lane }) => lane),
        requests.map(({ appId }) => appId),
        requests.map(({ id }) => id),
        requests.map(({ notice }) => notice),
        at,
      ],
    );
    return rowCount ?? 0;
  }

  /** Asks for an app's dead letters to be sent again; answers how many that are. */
  async requestReplayOfDeadLetters(range: ReplayRange, at: number): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>(
      `with requested as (
         insert into replay (lane, app_id, id, notice, requested_at)
         select lane, app_id, id, notice, ${from('$4::float8')} from dead_letter
          where app_id = $1 and replayed_at is null
            and ($2::float8 is null or at >= ${from('$2::float8')})
            and ($3::float8 is null or at < ${from('$3::float8')})
         on conflict do nothing returning 1
       )
       select count(*)::int as count from requested`,
      [range.appId, range.from ?? null, range.until ?? null, at],
    );
    return rows[0]?.count ?? 0;
  }

  /** Apps for which replays are requested in these lanes. */
  async listReplayedApps(lanes: readonly number[]): Promise<AppId[]> {
    const { rows } = await this.#pool.query<{ app_id: string }>(
      'select distinct app_id from replay where lane = any ($1::smallint[])',
      [lanes],
    );
    return rows.map((row) => appId(row.app_id));
  }

  /** Requested replays of an app in these lanes, in the order of the log; not those named in `except`. */
  async findReplays(
    app: AppId,
    lanes: readonly number[],
    limit: number,
    except: readonly DeliveryKey[],
  ): Promise<DeliveryKey[]> {
    const { rows } = await this.#pool.query<{ lane: number; id: string; notice: number }>(
      `select lane, id, notice from replay r
        where lane = any ($1::smallint[]) and app_id = $2
          and not exists (select from unnest($4::smallint[], $5::bigint[], $6::smallint[]) e (lane, id, notice)
                           where e.lane = r.lane and e.id = r.id and e.notice = r.notice)
        order by lane, id, notice limit $3`,
      [
        lanes,
        app,
        limit,
        except.map(({ lane }) => lane),
        except.map(({ id }) => id),
        except.map(({ notice }) => notice),
      ],
    );
    return rows.map((row) => ({ lane: row.lane, id: Number(row.id), notice: row.notice }));
  }

  /** Removes requests that were carried out, and notes on dead letters which were acknowledged. */
  async finishReplays(
    replays: readonly (DeliveryKey & { readonly acknowledged: boolean })[],
    at: number,
  ): Promise<void> {
    await this.#pool.query(
      `with done as (
         select * from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::boolean[]) d (lane, id, notice, acknowledged)
       ), removed as (
         delete from replay using done
          where replay.lane = done.lane and replay.id = done.id and replay.notice = done.notice
       )
       update dead_letter set replayed_at = ${from('$5::float8')} from done
        where dead_letter.lane = done.lane and dead_letter.id = done.id and dead_letter.notice = done.notice
          and done.acknowledged`,
      [
        replays.map(({ lane }) => lane),
        replays.map(({ id }) => id),
        replays.map(({ notice }) => notice),
        replays.map(({ acknowledged }) => acknowledged),
        at,
      ],
    );
  }

  /** How far each lane is dispatched, by lane. */
  async positions(): Promise<number[]> {
    const { rows } = await this.#pool.query<{ last_id: string }>('select last_id from cursor order by lane');
    return rows.map((row) => Number(row.last_id));
  }

  /** Every try of these deliveries, oldest first. */
  async attempts(lane: number, ids: readonly number[]): Promise<Attempt[]> {
    const { rows } = await this.#pool.query<AttemptRow>(
      `select lane, id, notice, app_id, attempt, ${time('at')} as at, status, duration_ms, error
         from attempt where lane = $1 and id = any ($2::bigint[]) order by id, notice, attempt.at`,
      [lane, ids],
    );
    return rows.map(attemptFrom);
  }

  /** Threads of an app, or of all, that wait for their next attempt. */
  async listStalled(filter: { readonly appId?: AppId }, limit: number): Promise<StalledRecord[]> {
    const { rows } = await this.#pool.query<StalledRow>(
      `select lane, app_id, page_id, psid, first_id, skipped_through, attempts, last_error,
              ${time('failing_since')} as failing_since, ${time('next_attempt_at')} as next_attempt_at
         from stalled where ($1::text is null or app_id = $1) order by lane, app_id, page_id, psid limit $2`,
      [filter.appId ?? null, limit],
    );
    return rows.map(stalledFrom);
  }

  /** Dead letters in the order of the log, after a position. */
  async listDeadLetters(
    filter: { readonly appId?: AppId },
    after: DeliveryKey | null,
    limit: number,
  ): Promise<(DeadLetter & { readonly replayedAt: number | null })[]> {
    const { rows } = await this.#pool.query<DeadLetterRow>(
      `select lane, id, notice, app_id, page_id, psid, reason, ${time('at')} as at, told_at is null as untold,
              ${time('replayed_at')} as replayed_at
         from dead_letter
        where ($1::text is null or app_id = $1)
          and ($2::smallint is null or (lane, id, notice) > ($2, $3::bigint, $4::smallint))
        order by lane, id, notice limit $5`,
      [filter.appId ?? null, after?.lane ?? null, after?.id ?? null, after?.notice ?? null, limit],
    );
    return rows.map((row) => ({
      lane: row.lane,
      id: Number(row.id),
      notice: row.notice,
      appId: appId(row.app_id),
      pageId: pageId(row.page_id),
      psid: psid(row.psid),
      reason: row.reason,
      at: row.at,
      makesGap: row.untold,
      replayedAt: row.replayed_at,
    }));
  }

  /** How every app with something outstanding stands. */
  async backlogs(): Promise<DeliveryBacklog[]> {
    const { rows } = await this.#pool.query<{
      app_id: string;
      stalled: number;
      owed: number;
      untold: number;
      dead: number;
      failing_since: number | null;
      next_attempt_at: number | null;
      last_error: string | null;
    }>(
      `select app_id, sum(stalled)::int as stalled, sum(owed)::int as owed, sum(untold)::int as untold,
              sum(dead)::int as dead, ${time('min(since)')} as failing_since, ${time('min(next)')} as next_attempt_at,
              max(last_error) as last_error
         from (
           select app_id, 1 as stalled, 0 as owed, 0 as untold, 0 as dead, failing_since as since,
                  next_attempt_at as next, last_error from stalled
           union all
           select app_id, 0, coalesce(array_length(ids, 1), 0), 0, 0, null, null, null from owed
           union all
           select app_id, 0, 0, (told_at is null)::int, 1, null, null, null from dead_letter where replayed_at is null
         ) outstanding
        group by app_id order by app_id`,
    );
    return rows.map((row) => ({
      appId: appId(row.app_id),
      stalledThreads: row.stalled,
      owed: row.owed,
      untoldDeadLetters: row.untold,
      deadLetters: row.dead,
      failingSince: row.failing_since,
      nextAttemptAt: row.next_attempt_at,
      lastError: row.last_error,
    }));
  }
}

interface StalledRow {
  lane: number;
  app_id: string;
  page_id: string;
  psid: string;
  first_id: string;
  skipped_through: string;
  attempts: number;
  failing_since: number;
  next_attempt_at: number;
  last_error: string;
}

function stalledFrom(row: StalledRow): StalledRecord {
  return {
    lane: row.lane,
    appId: appId(row.app_id),
    pageId: pageId(row.page_id),
    psid: psid(row.psid),
    firstId: Number(row.first_id),
    skippedThrough: Number(row.skipped_through),
    attempts: row.attempts,
    failingSince: row.failing_since,
    nextAttemptAt: row.next_attempt_at,
    lastError: row.last_error,
  };
}

interface OwedSummaryRow {
  lane: number;
  app_id: string;
  first_at: number | null;
}

interface AttemptRow {
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

function attemptFrom(row: AttemptRow): Attempt {
  return {
    lane: row.lane,
    id: Number(row.id),
    notice: row.notice,
    appId: appId(row.app_id),
    attempt: row.attempt,
    at: row.at,
    status: row.status,
    durationMs: row.duration_ms,
    error: row.error,
  };
}

interface DeadLetterRow {
  lane: number;
  id: string;
  notice: number;
  app_id: string;
  page_id: string;
  psid: string;
  reason: string;
  at: number;
  untold: boolean;
  replayed_at: number | null;
}

/**
 * $1 lanes, $2 lease epochs. Locked, in order, so that whoever takes a lane over does so before this statement, which
 * then leaves the lane alone, or after it, and then finds what it wrote.
 */
const heldLanes = `
  select c.lane from cursor c
    join unnest($1::smallint[], $2::bigint[]) h (lane, epoch) on h.lane = c.lane and h.epoch = c.lease_epoch
   order by c.lane for update of c`;

const saveStatement = `
  with held as materialized (${heldLanes}),
  moved as (
    update cursor set last_id = p.last_id
      from unnest($1::smallint[], $3::bigint[]) p (lane, last_id) join held using (lane)
     where cursor.lane = p.lane
  ), stalled_now as (
    insert into stalled (lane, app_id, page_id, psid, first_id, skipped_through, attempts, failing_since,
                         next_attempt_at, last_error)
    select s.lane, s.app_id, s.page_id, s.psid, s.first_id, s.skipped_through, s.attempts, ${from('s.failing_since')},
           ${from('s.next_attempt_at')}, s.last_error
      from unnest($4::smallint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::int[],
                  $11::float8[], $12::float8[], $13::text[])
           s (lane, app_id, page_id, psid, first_id, skipped_through, attempts, failing_since, next_attempt_at,
              last_error)
      join held using (lane)
    on conflict (lane, app_id, page_id, psid) do update
       set first_id = excluded.first_id, skipped_through = excluded.skipped_through, attempts = excluded.attempts,
           failing_since = excluded.failing_since, next_attempt_at = excluded.next_attempt_at, last_error = excluded.last_error
  ), recovered as (
    delete from stalled
     using unnest($14::smallint[], $15::text[], $16::text[], $17::text[]) r (lane, app_id, page_id, psid)
      join held using (lane)
     where stalled.lane = r.lane and stalled.app_id = r.app_id and stalled.page_id = r.page_id and stalled.psid = r.psid
  ), owed_now as (
    insert into owed (lane, app_id, first_id, ids)
    select o.lane, o.app_id, o.first_id, o.ids::bigint[]
      from unnest($18::smallint[], $19::text[], $20::bigint[], $21::text[]) o (lane, app_id, first_id, ids)
      join held using (lane)
    on conflict (lane, app_id, first_id) do update set ids = owed.ids || excluded.ids
  ), trim as (
    select t.*, exists (select from owed o, unnest(o.ids) i
                         where o.lane = t.lane and o.app_id = t.app_id and o.first_id = t.first_id and i > t.through_id
                       ) as remains
      from unnest($22::smallint[], $23::text[], $24::bigint[], $25::bigint[]) t (lane, app_id, first_id, through_id)
      join held using (lane)
  ), shortened as (
    update owed set ids = array(select i from unnest(owed.ids) i where i > trim.through_id) from trim
     where owed.lane = trim.lane and owed.app_id = trim.app_id and owed.first_id = trim.first_id and trim.remains
  ), emptied as (
    delete from owed using trim
     where owed.lane = trim.lane and owed.app_id = trim.app_id and owed.first_id = trim.first_id and not trim.remains
  ), given_up as (
    insert into dead_letter (lane, id, notice, app_id, page_id, psid, reason, at, told_at)
    select d.lane, d.id, d.notice, d.app_id, d.page_id, d.psid, d.reason, ${from('d.at')},
           case when d.makes_gap then null else ${from('d.at')} end
      from unnest($26::smallint[], $27::bigint[], $28::smallint[], $29::text[], $30::text[], $31::text[], $32::text[],
                  $33::float8[], $34::boolean[])
           d (lane, id, notice, app_id, page_id, psid, reason, at, makes_gap)
      join held using (lane)
    on conflict do nothing
  )
  select lane from held`;
