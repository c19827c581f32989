/**
 * The benchmark: how many events a second the built server routes and delivers, and how long it takes to answer, on
 * this machine, with everything on it.
 *
 * Cast: `load-generator` is the platform and `receivers` are the apps, each in a process of its own; `server-under-test`
 * is the server as a user runs it, in gateway mode on the embedded PostgreSQL with every safety on; `measurement` runs a
 * scenario; `pgbench` tells what the same PostgreSQL makes of one small transaction a request, before and after.
 *
 * An event counts once it has reached both apps: the time runs from the first webhook until the last delivery, so a
 * backlog is part of it. Exit code 1 if an event was lost, repeated, or overtaken by a later one of the same person.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../src/store/embedded-postgres.js';
import { measureCalls } from './calls.js';
import { measureDeadlines } from './deadlines.js';
import { measureEndurance } from './endurance.js';
import { describeEnvironment } from './environment.js';
import { contenders } from './compare/contender.js';
import { measureLoadCurve } from './load-curve.js';
import { measure, measureContender, type MeasureOptions, type Measurement } from './measurement.js';
import { readOptions, usage, type BenchOptions } from './options.js';
import { Pgbench } from './pgbench.js';
import { plot, type LoadCurve } from './plot.js';
import { recordIn } from './record.js';
import { fullTable } from './report.js';
import { describeParts } from './report-parts.js';
import { comparedScenario } from './scenario.js';
import { measureStored } from './stored.js';

const pgbenchSeconds = 15;
const pgbenchMissing =
  'pgbench is not installed, so there are no ratios. On Debian: apt-get install postgresql-contrib.';

/** Not the temporary folder: that is often in memory. */
const dataRoot = '/var/tmp';
const documentFile = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) print(usage);
  else process.exitCode = await bench(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function bench(options: BenchOptions): Promise<number> {
  const dataDir = await mkdtemp(path.join(dataRoot, 'signalbox-bench-'));
  // Started by root, PostgreSQL runs as another user.
  await chmod(dataDir, 0o711);
  const removeData = async () => {
    await stopEmbeddedPostgres(dataDir);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  const interrupted = () => {
    void removeData().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await benchIn(dataDir, options);
  } finally {
    await removeData();
  }
}

async function benchIn(dataDir: string, options: BenchOptions): Promise<number> {
  const { length, scenarios, compare, plotFile, calls, cpuProfileDir, settings } = options;
  const { url } = await startEmbeddedPostgres({ dataDir });
  const environment = await describeEnvironment(url, dataDir);
  for (const line of environment) print(line);
  const yardstick = options.pgbench ? await Pgbench.find() : null;
  if (options.pgbench) print(yardstick === null ? pgbenchMissing : `pgbench     ${await yardstick.version()}`);

  const tps: number[] = [];
  const measureYardstick = async () => {
    if (yardstick === null) return;
    const { url } = await startEmbeddedPostgres({ dataDir });
    tps.push(await yardstick.measure(url, pgbenchSeconds));
    say(`pgbench: ${tps.at(-1)?.toFixed(0)} tps`);
  };
  const alone = { dataDir, length, cpuProfileDir, settings, instances: 1, keepDatabase: false, say };
  const measureAll = async (how: MeasureOptions) => {
    const measured: Measurement[] = [];
    for (const scenario of scenarios) {
      measured.push(await measure(scenario, how));
      say(`${scenario.name}: ${measured.at(-1)?.eventsPerSecond.toFixed(0)} events/s`);
    }
    return measured;
  };

  await yardstick?.initialise(url);
  await measureYardstick();
  const measurements = await measureAll(alone);
  const compared: Measurement[] = [];
  for (const contender of compare ? contenders : []) {
    compared.push(await measureContender(contender, comparedScenario, { dataDir, length, say }));
    say(`${contender.title}: ${compared.at(-1)?.eventsPerSecond.toFixed(0)} events/s`);
  }
  if (plotFile !== undefined) {
    const curves: LoadCurve[] = [];
    for (const scenario of scenarios)
      curves.push({ title: scenario.title, points: await measureLoadCurve(scenario, alone) });
    await writeFile(plotFile, plot(curves));
  }
  const called = calls ? await measureCalls(alone) : null;
  await measureYardstick();
  const together = options.instances > 1 ? await measureAll({ ...alone, instances: options.instances }) : [];
  const stored = options.stored === null ? null : await measureStored(options.stored, scenarios, alone);
  const deadlines = options.deadlines === null ? null : await measureDeadlines(options.deadlines, alone);
  const endurance = options.minutes === null ? null : await measureEndurance(options.minutes, comparedScenario, alone);

  const yardstickTps = tps.length === 0 ? null : Math.max(...tps);
  const circumstances = [
    ...environment,
    ...(tps.length === 0 ? [] : [`pgbench     ${tps.map((each) => each.toFixed(0)).join(' tps before, ')} tps after`]),
  ];
  if (cpuProfileDir !== undefined) print('The server was being profiled, which slows it down.');
  const all = [...measurements, ...compared, ...together, ...(stored?.measurements ?? [])];
  if (stored !== null) all.push(stored.whileDropping);
  print(`\n${fullTable(all, yardstickTps)}\n`);
  const parts = describeParts({
    circumstances,
    yardstickTps,
    measurements,
    compared,
    called,
    together,
    instances: options.instances,
    stored,
    deadlines,
    endurance,
  });
  for (const { name, text } of parts) print(`[${name}]\n${text}\n`);
  for (const { profile, scenario } of measurements) if (profile !== null) print(`${scenario.name}\n${profile}`);
  // The claim is a ratio: a run without pgbench leaves what it is as it stands.
  const claimed = (name: string) => name !== 'run' || yardstickTps !== null;
  if (options.record)
    await recordIn(
      documentFile,
      parts.filter(({ name }) => claimed(name)),
    );
  return reportFaults(all);
}

function reportFaults(measurements: readonly Measurement[]): number {
  for (const { scenario, faults, busy } of measurements) {
    if (busy > 0) print(`${scenario.name}: ${busy} webhooks were answered with 503 and sent again.`);
    for (const fault of faults) print(`WRONG: ${scenario.name}: ${fault}.`);
  }
  return measurements.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress, apart from the result. */
function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}
