import type { Pool } from 'pg';
import { laneOf, psid, type PageId } from '../domain/ids.js';
import { type ErasedPeople, readErasedPeople } from './erased-people.js';

/** Something that came in and could not be routed. */
export interface Quarantined {
  /** A code: why it was not routed. */
  readonly reason: string;
  readonly pageId: PageId | null;
  /** What came in, as wire JSON. */
  readonly payload: string;
}

/** Ids looked at in one payload at most. */
const idsMax = 100;

/** Keeps what could not be routed, so that nothing acknowledged is ever lost without a trace. */
export class QuarantineStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Keeps these, except what repeats something of a person who was erased since. `at` in milliseconds since 1970. */
  async add(entries: readonly Quarantined[], at: number): Promise<void> {
    if (entries.length === 0) return;
    const client = await this.#pool.connect();
    let broken = false;
    try {
      await client.query('begin');
      // An erasure locks the table as a whole: it comes before this and is seen, or after this and finds the entry.
      await client.query('lock table quarantine in row exclusive mode');
      const lanes = [...new Set(entries.flatMap(idsIn).map(laneOf))];
      const erased = lanes.length === 0 ? new Map<number, ErasedPeople>() : await readErasedPeople(client, lanes);
      const kept = erased.size === 0 ? entries : entries.filter((entry) => !repeatsErased(entry, erased));
      await client.query(
        `insert into quarantine (at, reason, page_id, payload)
         select to_timestamp($1::float8 / 1000), * from unnest($2::text[], $3::text[], $4::text[])`,
        [at, kept.map((entry) => entry.reason), kept.map((entry) => entry.pageId), kept.map((entry) => entry.payload)],
      );
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** Everything in an entry that might be a person's id. */
function idsIn({ pageId, payload }: Quarantined) {
  if (pageId === null) return [];
  const ids = new Set(payload.match(/(?<!\d)[1-9]\d{0,19}(?!\d)/g));
  return [...ids].slice(0, idsMax).map((id) => ({ pageId, psid: psid(id) }));
}

function repeatsErased(entry: Quarantined, erased: ReadonlyMap<number, ErasedPeople>): boolean {
  const happened = Number(/"timestamp":(\d{1,15})/.exec(entry.payload)?.[1] ?? 0);
  return idsIn(entry).some((key) => happened <= (erased.get(laneOf(key))?.find(key) ?? -1));
}
