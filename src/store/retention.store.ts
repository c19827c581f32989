import type { Pool } from 'pg';
import { laneCount } from '../domain/ids.js';
import { dayOf } from './log-partitions.js';
import { removedPayload } from './records.js';

/** Rows touched by one statement at most: each takes milliseconds, so routing never waits behind one. */
const batchRows = 2_000;
/**
 * How long dropping a day waits for the lock it needs. Whatever wants to write to the log meanwhile waits behind it, so
 * this is also how long routing may be held up; it is tried again a moment later.
 */
const lockTimeoutMs = 200;

/** Tables whose rows go by their own age. */
export type AgedTable = 'attempt' | 'dead_letter' | 'quarantine';

/** Removes what is too old. Everything here may be done twice, by several at once, and be broken off at any moment. */
export class RetentionStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Whether nobody has begun since `since`; then it is the caller's turn. Milliseconds since 1970. */
  async claim(now: number, since: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update retention set started_at = to_timestamp($1::float8 / 1000)
        where started_at is null or started_at <= to_timestamp($2::float8 / 1000)`,
      [now, since],
    );
    return rowCount === 1;
  }

  /** The days of the log, oldest first. */
  async logDays(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ day: string }>(
      `select to_char(to_date(substr(c.relname, 5), 'YYYYMMDD'), 'YYYY-MM-DD') as day
         from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'log'::regclass and c.relname ~ '^log_\\d{8}$' order by 1`,
    );
    return rows.map(({ day }) => day);
  }

  /** Drops a day of the log with everything in it. Fails with 55P03 if the lock cannot be had soon. */
  async dropLogDay(day: string): Promise<void> {
    const client = await this.#pool.connect();
    let broken = false;
    try {
      await client.query('begin');
      await client.query(`select set_config('lock_timeout', $1, true)`, [`${lockTimeoutMs}ms`]);
      await client.query(`drop table if exists ${partitionOf(day)}`);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** The first day of the log whose texts may still be there; null: any. */
  async textsRemovedBefore(): Promise<string | null> {
    const { rows } = await this.#pool.query<{ day: string | null }>(
      `select to_char(text_removed_before, 'YYYY-MM-DD') as day from retention`,
    );
    return rows[0]?.day ?? null;
  }

  async setTextsRemovedBefore(day: string): Promise<void> {
    await this.#pool.query('update retention set text_removed_before = greatest(text_removed_before, $1::date)', [day]);
  }

  /**
   * Removes the texts of one lane of a day; answers after which id to go on, or null at the end of the lane. Written
   * straight to the partition: an update that names the log would open every day of it.
   */
  async removeTexts(day: string, lane: number, afterId: number): Promise<number | null> {
    const { rows } = await this.#pool.query<{ last: string | null; count: number }>(
      `with old as (
         select id from ${partitionOf(day)}
          where lane = $1 and id > $2 and payload <> '${removedPayload}' order by id limit ${batchRows}
       ), removed as (
         update ${partitionOf(day)} p
            -- What tells the event is read from the payload where it has no column of its own.
            set source_id = coalesce(source_id, type || ':' || substring(payload from '"mid":"([^"]*)"')),
                payload = '${removedPayload}'
           from old where p.lane = $1 and p.id = old.id
       )
       select max(id) as last, count(*)::int as count from old`,
      [lane, afterId],
    );
    const [found] = rows;
    return found === undefined || found.last === null || found.count < batchRows ? null : Number(found.last);
  }

  /** Removes a batch of a table's rows of before `until` (milliseconds since 1970); false if none may be left. */
  async prune(table: AgedTable, until: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `delete from ${table} where ctid = any (array(
         select ctid from ${table} where at < to_timestamp($1::float8 / 1000) limit ${batchRows} for update skip locked))`,
      [until],
    );
    return rowCount === batchRows;
  }

  /** Forgets who was erased before `until`, milliseconds since 1970. */
  async forgetErased(until: number): Promise<void> {
    await this.#pool.query('delete from erased_person where erased_at < to_timestamp($1::float8 / 1000)', [until]);
  }
}

export const lanesOfADay: readonly number[] = Array.from({ length: laneCount }, (_, lane) => lane);

/** The day so many days before a time, in UTC. */
export function dayBefore(atMs: number, days: number): string {
  return dayOf(atMs - days * 24 * 60 * 60 * 1000);
}

function partitionOf(day: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new Error('this is not a day');
  return `log_${day.replaceAll('-', '')}`;
}
