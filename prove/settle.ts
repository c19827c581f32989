import { setTimeout as delay } from 'node:timers/promises';
import { well } from './fake-app.js';
import type { World } from './world.js';

/** A failure guard: this long after the last fault everything must be delivered, in milliseconds. */
const usualBoundMs = 120_000;

/** How things stood when the last queue was empty. */
export interface Settled {
  /** From the end of the faults to the last empty queue, in milliseconds. */
  readonly tookMs: number;
}

/** Ends every fault, and waits until nothing is owed to anybody and every lane is in living hands. */
export async function settle(world: World, boundMs = usualBoundMs): Promise<Settled> {
  const began = performance.now();
  for (const app of world.apps) app.mood = well;
  for (const instance of world.instances) {
    instance.proxy.set({ kind: 'clear' });
    instance.resume();
  }
  await world.settled();
  await Promise.all(world.instances.map((instance) => instance.start()));
  for (;;) {
    const missing = await whatIsMissing(world);
    if (missing === null) return { tookMs: performance.now() - began };
    if (performance.now() - began > boundMs) {
      world.faults.add('I9', `${boundMs / 1_000} s after the last fault: ${missing}`);
      return { tookMs: performance.now() - began };
    }
    await delay(100);
  }
}

async function whatIsMissing({ database }: World): Promise<string | null> {
  const { rows } = await database.pool.query<{
    behind: number;
    stalled: number;
    owed: number;
    idle: number;
    due: number;
  }>(
    `select (select count(*)::int from cursor join lane using (lane) where cursor.last_id < lane.last_id) as behind,
            (select count(*)::int from stalled) as stalled,
            (select count(*)::int from owed) as owed,
            (select count(*)::int from cursor
              where lease_until is null or lease_until < clock_timestamp()
                 or not exists (select from dispatcher d where d.holder = cursor.holder)) as idle,
            (select count(*)::int from thread, configuration c
              where deadline_at < clock_timestamp() + c.clock_offset_ms * interval '1 ms' - interval '3 s') as due`,
  );
  const [row] = rows;
  if (row === undefined) return 'the database says nothing';
  const open = Object.entries(row).filter(([, count]) => count > 0);
  return open.length === 0 ? null : open.map(([what, count]) => `${count} ${what}`).join(', ');
}
