import type { Pool } from 'pg';
import type { LogRow } from '../domain/log.js';

const dayMs = 24 * 60 * 60 * 1000;

/** The day of a time in milliseconds since 1970, in UTC, as `2026-11-22`. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/**
 * The log's partitions, one a day of the platform's timestamps. They are made when the first row of a day is about to be
 * written, so they follow the virtual clock and late redeliveries alike.
 */
export class LogPartitions {
  readonly #pool: Pool;
  readonly #known = new Map<number, Promise<void>>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Makes sure that each of these rows has a partition. */
  async ensure(rows: readonly Pick<LogRow, 'occurredAt'>[]): Promise<void> {
    let missing: Promise<void>[] | undefined;
    let last = -1;
    for (const row of rows) {
      const day = Math.floor(row.occurredAt / dayMs);
      if (day === last) continue;
      last = day;
      let made = this.#known.get(day);
      if (made === undefined) {
        made = this.#make(day);
        this.#known.set(day, made);
        // A failure must not be remembered: the next commit tries again.
        made.catch(() => this.#known.delete(day));
        (missing ??= []).push(made);
      } else {
        (missing ??= []).push(made);
      }
    }
    if (missing !== undefined) await Promise.all(missing);
  }

  async #make(day: number): Promise<void> {
    const from = dayOf(day * dayMs);
    const to = dayOf((day + 1) * dayMs);
    const name = `log_${from.replaceAll('-', '')}`;
    const client = await this.#pool.connect();
    try {
      // Attaching takes a weaker lock than "create … partition of", so commits under way go on. Another instance may be
      // making the same partition: the transaction-level lock lets one do it and the other find it.
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtext('signalbox.log_partition'))`);
      const { rows } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [name]);
      if (rows[0]?.exists !== true) {
        await client.query(`create table ${name} (like log including defaults including constraints)`);
        await client.query(`alter table log attach partition ${name} for values from ('${from}') to ('${to}')`);
      }
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }
}
