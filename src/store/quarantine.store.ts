import type { Pool } from 'pg';
import type { PageId } from '../domain/ids.js';

/** Something that came in and could not be routed. */
export interface Quarantined {
  /** A code: why it was not routed. */
  readonly reason: string;
  readonly pageId: PageId | null;
  /** What came in, as wire JSON. */
  readonly payload: string;
}

/** Keeps what could not be routed, so that nothing acknowledged is ever lost without a trace. */
export class QuarantineStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** `at` in milliseconds since 1970. */
  async add(entries: readonly Quarantined[], at: number): Promise<void> {
    if (entries.length === 0) return;
    await this.#pool.query(
      `insert into quarantine (at, reason, page_id, payload)
       select to_timestamp($1::float8 / 1000), * from unnest($2::text[], $3::text[], $4::text[])`,
      [
        at,
        entries.map((entry) => entry.reason),
        entries.map((entry) => entry.pageId),
        entries.map((entry) => entry.payload),
      ],
    );
  }
}
