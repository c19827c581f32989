import { connectionCount, type Scenario } from './scenario.js';
import { withCast, type MeasureOptions } from './measurement.js';

/** What so many connections came to, each with one webhook under way at a time. */
export interface LoadPoint {
  readonly connections: number;
  /** Routed and delivered to both apps. */
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const secondsPerPoint = 3;

/** Throughput and latency of a scenario from one connection to all of them, each twice as many as before. */
export function measureLoadCurve(scenario: Scenario, options: Omit<MeasureOptions, 'length'>): Promise<LoadPoint[]> {
  return withCast(options, scenario.eventsPerPostOut, async ({ load, receivers }) => {
    let sent = 0;
    const runOf = async (wanted: number, connections: number): Promise<LoadPoint> => {
      const { events } = await load.ask({
        type: 'prepare',
        events: wanted,
        eventsPerPost: scenario.eventsPerPostIn,
        connections,
      });
      const { firstPostAtMs, p50Ms, p99Ms } = await load.ask({ type: 'run' });
      sent += events;
      const { lastDeliveryAtMs } = await receivers.ask({ type: 'drain', events: sent });
      const eventsPerSecond = (events / (lastDeliveryAtMs - firstPostAtMs)) * 1000;
      return { connections, eventsPerSecond, p50Ms, p99Ms };
    };

    await runOf(scenario.warmUpEvents, connectionCount);
    let { eventsPerSecond: rate } = await runOf(scenario.warmUpEvents, connectionCount);
    const points: LoadPoint[] = [];
    // Downwards, since half the connections make at least half the events a second: that much is known beforehand.
    for (let connections = connectionCount; connections >= 1; connections /= 2) {
      const point = await runOf(rate * secondsPerPoint, connections);
      options.say(`${scenario.name}, ${connections} connections: ${point.eventsPerSecond.toFixed(0)} events/s`);
      points.unshift(point);
      rate = point.eventsPerSecond;
    }
    return points;
  });
}
