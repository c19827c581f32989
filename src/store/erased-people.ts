import type { Pool } from 'pg';
import type { ThreadKey } from '../domain/ids.js';
import { personHash } from './person-hash.js';
import { milliseconds } from './records.js';

/** How long a redelivery may come after an erasure: as long as the platform's events are routed at all. */
export const erasureRememberedMs = 8 * 24 * 60 * 60 * 1000;

/** The people of a lane that were erased a short time ago. */
export class ErasedPeople {
  /** @param erasedAt by the hash of the person; milliseconds since 1970 */
  constructor(
    private readonly hashKey: string,
    private readonly erasedAt: ReadonlyMap<string, number>,
  ) {}

  /** When the person was erased, in milliseconds since 1970: what happened by then is not taken again. */
  find(key: ThreadKey): number | null {
    return this.erasedAt.get(personHash(this.hashKey, key)) ?? null;
  }
}

interface ErasedRow {
  lane: number;
  person_hash: string;
  erased_at: number;
  person_hash_key: string;
}

/** Who was erased of each of these lanes; a lane where nobody was is left out. */
export async function readErasedPeople(
  on: Pick<Pool, 'query'>,
  lanes: readonly number[],
): Promise<Map<number, ErasedPeople>> {
  const { rows } = await on.query<ErasedRow>(
    `select lane, person_hash, ${milliseconds('erased_at')}, person_hash_key
       from erased_person cross join configuration where lane = any($1::smallint[])`,
    [lanes],
  );
  return new Map(
    [...Map.groupBy(rows, ({ lane }) => lane)].map(([lane, people]) => [
      lane,
      new ErasedPeople(
        people[0]?.person_hash_key ?? '',
        new Map(people.map(({ person_hash, erased_at }) => [person_hash, erased_at])),
      ),
    ]),
  );
}
