import { setTimeout as delay } from 'node:timers/promises';
import type { World } from './world.js';

/** A failure guard, in milliseconds. */
const boundMs = 30_000;

/** Waits a while until a process holds lanes, so that there is something to take over. */
export async function untilHolding(world: World, pid: number): Promise<void> {
  for (const began = performance.now(); performance.now() - began < 5_000; await delay(50)) {
    if ((await lanesOf(world, pid)) > 0) return;
  }
}

/**
 * How long it takes until every lane of a dead process is in other hands, in milliseconds; null if it had none. A
 * holder's name contains the number of its process.
 */
export async function untilTakenOver(world: World, pid: number): Promise<number | null> {
  const began = performance.now();
  if ((await lanesOf(world, pid)) === 0) return null;
  for (;;) {
    const held = await lanesOf(world, pid);
    if (held === 0) return performance.now() - began;
    if (performance.now() - began > boundMs) {
      world.faults.add('I9', `after ${boundMs / 1_000} s, ${held} lanes are still held by a dead process`);
      return null;
    }
    await delay(50);
  }
}

async function lanesOf({ database }: World, pid: number): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    `select count(*)::int as n from cursor where holder like '%/' || $1::text || '/%'`,
    [pid],
  );
  return rows[0]?.n ?? 0;
}
