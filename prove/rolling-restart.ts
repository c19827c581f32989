import { setTimeout as delay } from 'node:timers/promises';
import { check } from './checker.js';
import { settle } from './settle.js';
import { percentile } from './statistics.js';
import { Upstream } from './upstream.js';
import { World } from './world.js';

export interface RollingRestartReport {
  readonly acknowledged: number;
  /** Webhooks that were answered with anything but 200. */
  readonly failedRequests: number;
  readonly duplicates: number;
  /** How long each instance took to stop, in milliseconds. */
  readonly stopMs: readonly number[];
  readonly ingestP99Ms: number;
  readonly faults: readonly string[];
}

/** Nothing fails here, so that nobody is waited for in vain: apps have their usual time. */
const usual = { DELIVERY_TIMEOUT_MS: '5000' };

/**
 * Three instances behind a balancer are restarted one after the other under load: each is taken out of the balancer, gets
 * SIGTERM, answers what it has begun, and comes back.
 */
export async function runRollingRestart(seed: number, rounds: number): Promise<RollingRestartReport> {
  const world = await World.open({ seed, instances: 3, clockOffsetMs: 0, keepAttempts: false, env: usual });
  try {
    const { balancer, instances } = world;
    const upstream = new Upstream(balancer, world.faults, world.random.fork('upstream'), {
      writers: 24,
      people: 240,
      batchMax: 8,
      eventsPerSecond: 300,
      duplicates: 0,
    });
    const stopMs: number[] = [];
    upstream.start();
    await delay(1_500);
    for (let round = 0; round < rounds; round++) {
      for (const instance of instances) {
        balancer.leaving.add(instance);
        const began = performance.now();
        await instance.end('SIGTERM');
        stopMs.push(performance.now() - began);
        await instance.start();
        balancer.leaving.delete(instance);
        await delay(1_000);
      }
    }
    await upstream.stop();
    await settle(world);
    await check(world, [upstream], []);
    const failedRequests = [...upstream.answers].reduce(
      (sum, [status, count]) => sum + (status === 200 ? 0 : count),
      0,
    );
    if (failedRequests > 0) world.faults.add('I12', `${failedRequests} requests failed during a rolling restart`);
    const duplicates = world.apps.reduce((sum, { ledger }) => sum + ledger.duplicates, 0);
    return {
      acknowledged: upstream.acknowledged,
      failedRequests,
      duplicates,
      stopMs,
      ingestP99Ms: percentile(upstream.takeLatencies(), 0.99),
      faults: world.faults.lines(),
    };
  } finally {
    await world.close();
  }
}
