import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.js';
import { RetentionStore } from '../src/store/retention.store.js';
import { measure, withCast, type Measurement, type MeasureOptions } from './measurement.js';
import { comparedScenario, type Scenario } from './scenario.js';
import { storePeople } from './stored-people.js';

/** Rows of the log of each person who is stored, one a day. */
const storedRowsEach = 5;

/** The same scenarios on a database that holds a lot. */
export interface StoredMeasurement {
  readonly people: number;
  /** Of the log. */
  readonly rows: number;
  readonly measurements: readonly Measurement[];
  /** The first scenario again, during which the oldest day of the log was dropped. */
  readonly whileDropping: Measurement;
  readonly dropMs: number;
  readonly relations: readonly RelationSize[];
}

/** A table or index with all its partitions, in bytes. */
interface RelationSize {
  readonly name: string;
  readonly bytes: number;
}

/** The first run's warm-ups are over by then, or nearly so. */
const dropAfterMs = 5_000;
const dropRetryMs = 200;
const aMonthMs = 30 * 24 * 60 * 60 * 1000;

export async function measureStored(
  people: number,
  scenarios: readonly Scenario[],
  options: MeasureOptions,
): Promise<StoredMeasurement> {
  const { dataDir, say } = options;
  await withCast(options, 100, () => Promise.resolve());
  const { url } = await startEmbeddedPostgres({ dataDir });
  await storePeople(url, { people, rowsEach: storedRowsEach, deadlineAt: Date.now() + aMonthMs }, say);
  const kept = { ...options, keepDatabase: true };
  const relations = await relationSizes(url);
  const measurements: Measurement[] = [];
  for (const scenario of scenarios) {
    const measured = await measure(scenario, kept);
    say(`${scenario.name}, ${people} people stored: ${measured.eventsPerSecond.toFixed(0)} events/s`);
    measurements.push(measured);
  }
  const dropping = delay(dropAfterMs).then(() => dropOldestDay(url));
  const whileDropping = await measure({ ...comparedScenario, name: 'while a day of log is dropped' }, kept);
  return { people, rows: people * storedRowsEach, measurements, whileDropping, dropMs: await dropping, relations };
}

/** As the server's own retention does it: waits briefly for the lock, and tries again. Answers how long the drop took. */
async function dropOldestDay(url: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  try {
    const store = new RetentionStore(pool);
    const [oldest] = await store.logDays();
    if (oldest === undefined) throw new Error('there is no day of log');
    for (;;) {
      const began = performance.now();
      try {
        await store.dropLogDay(oldest);
        return performance.now() - began;
      } catch (error) {
        if (!(error instanceof pg.DatabaseError) || error.code !== '55P03') throw error;
        await delay(dropRetryMs);
      }
    }
  } finally {
    await pool.end();
  }
}

async function relationSizes(url: string): Promise<RelationSize[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; bytes: string }>(
      `select top.relname as name, sum(pg_relation_size(tree.relid)) as bytes
         from pg_class top, pg_partition_tree(top.oid) tree
        where top.relname in ('thread', 'thread_pk', 'thread_wake_at', 'log', 'log_pk', 'log_source_key', 'log_thread')
        group by top.relname order by top.relname`,
    );
    return rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
  } finally {
    await client.end();
  }
}
