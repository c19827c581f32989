import { setTimeout as delay } from 'node:timers/promises';
import { appRoles } from './cast.js';
import { percentile } from './statistics.js';
import { Upstream } from './upstream.js';
import { World } from './world.js';

export interface DeadlinesReport {
  readonly acknowledged: number;
  /** Threads whose deadline passed at the same moment. */
  readonly due: number;
  readonly early: number;
  readonly lost: number;
  readonly twice: number;
  /** Until the last one had its effect, in milliseconds. */
  readonly tookMs: number;
  readonly ingestP99Ms: number;
  readonly faults: readonly string[];
}

/** A failure guard, in milliseconds. */
const boundMs = 300_000;

/** A great many people fall silent, and a day passes in one moment, while others go on writing. */
export async function runDeadlines(
  seed: number,
  people: number,
  fillMsMax: number,
  say: (line: string) => void,
): Promise<DeadlinesReport> {
  const world = await World.open({ seed, instances: 3, clockOffsetMs: 0, keepAttempts: false });
  try {
    const { pool } = world.database;
    // Nobody has to be told here: apps without an endpoint read the log.
    for (const { id, name } of appRoles) await world.admin('PUT', `apps/${id}`, { name, callback_url: null });
    const options = { batchMax: 100, eventsPerSecond: 1_000_000, duplicates: 0 };
    const silent = new Upstream(
      world.balancer,
      world.faults,
      world.random.fork('silent'),
      { ...options, writers: 16, people, once: true },
      100_001,
    );
    silent.start();
    const enough = delay(fillMsMax, undefined, { ref: false }).then(() => silent.stop());
    await Promise.race([silent.finished(), enough]);
    await pool.query(
      'create table prove_deadline as select page_id, psid, deadline_at from thread where deadline_at is not null',
    );
    const { rows: known } = await pool.query<{ due: number }>('select count(*)::int as due from prove_deadline');
    const due = known[0]?.due ?? 0;
    say(`${due} deadlines`);

    const writing = new Upstream(world.balancer, world.faults, world.random.fork('writing'), {
      writers: 8,
      people: 400,
      batchMax: 2,
      eventsPerSecond: 200,
      duplicates: 0,
    });
    writing.start();
    await delay(3_000);
    writing.takeLatencies();
    const began = performance.now();
    const advancing = world.advance('25h').then((offsetMs) => (writing.clockOffsetMs = offsetMs));
    let tookMs = 0;
    for (;;) {
      const { rows } = await pool.query<{ open: boolean }>(
        `select exists (select from thread, configuration c
                         where wake_at <= clock_timestamp() + c.clock_offset_ms * interval '1 ms' - interval '2 s') as open
           from configuration where clock_offset_ms > 0`,
      );
      tookMs = performance.now() - began;
      if (rows[0]?.open === false) break;
      if (tookMs > boundMs) {
        world.faults.add('I7', `after ${boundMs / 1_000} s, not every deadline has had its effect`);
        break;
      }
      await delay(200);
    }
    const ingestP99Ms = percentile(writing.takeLatencies(), 0.99);
    await advancing;
    await writing.stop();
    const { rows } = await pool.query<{ lost: number; early: number; twice: number }>(
      `select count(*) filter (where times is null)::int as lost, count(*) filter (where first_at < deadline_at)::int as early,
              count(*) filter (where times > 1)::int as twice
         from prove_deadline d
         left join (select page_id, psid, count(*) as times, min(at) as first_at from log
                     where type = 'control.expired' group by page_id, psid) e using (page_id, psid)`,
    );
    const { lost = 0, early = 0, twice = 0 } = rows[0] ?? {};
    if (lost + early + twice > 0) world.faults.add('I7', `${lost} deadlines lost, ${early} early, ${twice} twice`);
    return {
      acknowledged: silent.acknowledged + writing.acknowledged,
      due,
      early,
      lost,
      twice,
      tookMs,
      ingestP99Ms,
      faults: world.faults.lines(),
    };
  } finally {
    await world.close();
  }
}
