import { setTimeout as delay } from 'node:timers/promises';
import type { World } from './world.js';

/** A failure guard, in milliseconds. */
const boundMs = 30_000;

/**
 * How long it takes until every lane of a dead process is in other hands, in milliseconds; null if it had none. A
 * holder's name contains the number of its process.
 */
export async function untilTakenOver({ database, faults }: World, pid: number): Promise<number | null> {
  const began = performance.now();
  for (let had = false; ; had = true) {
    const { rows } = await database.pool.query<{ n: number }>(
      `select count(*)::int as n from cursor where holder like '%/' || $1 || '/%'`,
      [pid],
    );
    if ((rows[0]?.n ?? 0) === 0) return had ? performance.now() - began : null;
    if (performance.now() - began > boundMs) {
      faults.add('I9', `after ${boundMs / 1_000} s, ${rows[0]?.n} lanes are still held by a dead process`);
      return null;
    }
    await delay(50);
  }
}
