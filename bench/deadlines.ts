import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.js';
import { usageOf, withCast, type MeasureOptions } from './measurement.js';
import { monotonicMs } from './monotonic.js';
import { storePeople } from './stored-people.js';

/** What control windows cost while they last, and how fast they end. */
export interface DeadlinesMeasurement {
  readonly deadlines: number;
  /** Processor time a second of server and PostgreSQL together while all of them wait, in milliseconds. */
  readonly waitingCpuMsPerSecond: number;
  /** From the moment all are due until the last row is committed. */
  readonly firedPerSecond: number;
}

const waitingSeconds = 10;
const settlingMs = 3_000;
const pollMs = 50;
const untilDueMs = 12 * 60 * 60 * 1000;

/** All windows end at once: the clock that everything goes by is moved on, as the emulator's is. */
export async function measureDeadlines(deadlines: number, options: MeasureOptions): Promise<DeadlinesMeasurement> {
  const { dataDir, say } = options;
  await withCast(options, 100, () => Promise.resolve());
  const { url } = await startEmbeddedPostgres({ dataDir });
  await storePeople(url, { people: deadlines, rowsEach: 0, deadlineAt: Date.now() + untilDueMs }, say);
  return withCast({ ...options, keepDatabase: true }, 100, async ({ servers }) => {
    const pids = servers.map(({ pid }) => pid);
    await delay(settlingMs);
    const before = await usageOf(pids, [], dataDir);
    await delay(waitingSeconds * 1000);
    const after = await usageOf(pids, [], dataDir);
    const used = (after.server ?? NaN) + (after.postgres ?? NaN) - (before.server ?? NaN) - (before.postgres ?? NaN);

    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query('begin');
      await client.query('select from lane order by lane for update');
      await client.query('update configuration set epoch = epoch + 1, clock_offset_ms = $1', [2 * untilDueMs]);
      await client.query('update lane set config_epoch = config_epoch + 1');
      await client.query('commit');
      const began = monotonicMs();
      for (let fired = 0; fired < deadlines;) {
        await delay(pollMs);
        const { rows } = await client.query<{ fired: string }>('select sum(last_id) as fired from lane');
        fired = Number(rows[0]?.fired);
      }
      const seconds = (monotonicMs() - began) / 1000;
      return {
        deadlines,
        waitingCpuMsPerSecond: (used / waitingSeconds) * 1000,
        firedPerSecond: deadlines / seconds,
      };
    } finally {
      await client.end();
    }
  });
}
