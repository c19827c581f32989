import { megabytes } from './report.js';
import { memoryOf } from './process-usage.js';
import { measureRound, withCast, type MeasureOptions } from './measurement.js';
import type { Scenario } from './scenario.js';
import { monotonicMs } from './monotonic.js';

/** One stretch of a long run. */
export interface EnduranceRound {
  readonly minutes: number;
  readonly eventsPerSecond: number;
  /** The server's resident memory at its end. */
  readonly memoryBytes: number | null;
}

const secondsPerRound = 30;

/** The same load for a long time on one server: what grows with time shows in its memory. */
export function measureEndurance(
  minutes: number,
  scenario: Scenario,
  options: MeasureOptions,
): Promise<EnduranceRound[]> {
  return withCast(options, scenario.eventsPerPostOut, async (cast) => {
    const rounds: EnduranceRound[] = [];
    const began = monotonicMs();
    let sent = 0;
    let wanted = scenario.warmUpEvents;
    for (let passed = 0; passed < minutes;) {
      const { events, rate } = await measureRound(scenario, wanted, sent, options.dataDir, cast);
      sent += events;
      wanted = Math.round(rate * secondsPerRound);
      passed = (monotonicMs() - began) / 60_000;
      const memoryBytes = await memoryOf(cast.servers[0]?.pid ?? 0);
      rounds.push({ minutes: passed, eventsPerSecond: rate, memoryBytes });
      options.say(`${passed.toFixed(1)} minutes: ${rate.toFixed(0)} events/s, ${megabytes(memoryBytes)} MB`);
    }
    return rounds;
  });
}
