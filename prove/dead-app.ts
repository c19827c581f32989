import { setTimeout as delay } from 'node:timers/promises';
import { support } from './cast.js';
import { check } from './checker.js';
import { well, type FakeApp } from './fake-app.js';
import { settle } from './settle.js';
import { percentile } from './statistics.js';
import { Upstream } from './upstream.js';
import { World } from './world.js';

export interface DeadAppReport {
  readonly acknowledged: number;
  /** Deliveries that waited for the dead app when it came back. */
  readonly backlog: number;
  /** From a person's event to the other apps' endpoints, in milliseconds: before, and while one app was dead. */
  readonly othersP99BeforeMs: number;
  readonly othersP99MeanwhileMs: number;
  /** From the app's return to its first delivery, in milliseconds. */
  readonly firstDeliveryMs: number;
  readonly drainedPerSecond: number;
  readonly faults: readonly string[];
}

const measuredMs = 15_000;

/** One app is dead until a great deal waits for it; the others must not notice, and it gets everything when it is back. */
export async function runDeadApp(
  seed: number,
  backlogWanted: number,
  fillMsMax: number,
  say: (line: string) => void,
): Promise<DeadAppReport> {
  let latencies: number[] = [];
  const world = await World.open({
    seed,
    instances: 2,
    clockOffsetMs: 0,
    keepAttempts: false,
    batchSizeMax: 100,
    onNewDelivery: ({ role }: FakeApp, { timestamp, stamp }) => {
      if (role !== support && stamp !== undefined) latencies.push(Date.now() - Number(timestamp));
    },
  });
  try {
    const load = (
      name: string,
      firstPerson: number,
      options: { writers: number; batchMax: number; rate: number; people: number },
    ) =>
      new Upstream(
        world.balancer,
        world.faults,
        world.random.fork(name),
        { ...options, eventsPerSecond: options.rate, duplicates: 0 },
        firstPerson,
      );
    const calm = { writers: 8, batchMax: 2, rate: 100, people: 200 };
    const measure = async (name: string, firstPerson: number) => {
      const upstream = load(name, firstPerson, calm);
      await delay(2_000);
      latencies = [];
      upstream.start();
      await delay(measuredMs);
      await upstream.stop();
      return { upstream, p99: percentile(latencies, 0.99) };
    };
    const before = await measure('before', 1);
    const dead = world.app(support.id);
    dead.mood = { name: 'dead', share: 1, behaviours: ['reset'] };
    const takenBefore = dead.ledger.taken;
    const fill = load('fill', 10_001, { writers: 16, batchMax: 100, rate: 1_000_000, people: 20_000 });
    fill.start();
    for (const began = performance.now(); performance.now() - began < fillMsMax && fill.acknowledged < backlogWanted;) {
      await delay(250);
    }
    await fill.stop();
    say(`${fill.acknowledged} events while one app is dead`);
    await othersHaveEverything(world);
    const meanwhile = await measure('meanwhile', 5_001);
    const backlog = before.upstream.acknowledged + fill.acknowledged + meanwhile.upstream.acknowledged - takenBefore;

    dead.mood = well;
    const returned = performance.now();
    const taken = dead.ledger.taken;
    while (dead.ledger.taken === taken) await delay(20);
    const firstDeliveryMs = performance.now() - returned;
    say(`its first delivery ${Math.round(firstDeliveryMs)} ms after it is back`);
    await settle(world, 600_000);
    const drainedPerSecond = ((dead.ledger.taken - taken) * 1_000) / (dead.lastNewAtMs - returned - firstDeliveryMs);
    await check(world, [before.upstream, fill, meanwhile.upstream], []);
    return {
      acknowledged: before.upstream.acknowledged + fill.acknowledged + meanwhile.upstream.acknowledged,
      backlog,
      othersP99BeforeMs: before.p99,
      othersP99MeanwhileMs: meanwhile.p99,
      firstDeliveryMs,
      drainedPerSecond,
      faults: world.faults.lines(),
    };
  } finally {
    await world.close();
  }
}

/** Resolves when nothing is on its way to the apps that live. */
async function othersHaveEverything({ database }: World): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query<{ behind: number }>(
      'select count(*)::int as behind from cursor join lane using (lane) where cursor.last_id < lane.last_id',
    );
    if (rows[0]?.behind === 0) return;
    await delay(200);
  }
}
