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
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../src/store/embedded-postgres.js';
import { measureCalls } from './calls.js';
import { describeEnvironment } from './environment.js';
import { contenders } from './compare/contender.js';
import { measureLoadCurve } from './load-curve.js';
import { measure, measureContender, type Measurement } from './measurement.js';
import { readOptions, usage, type BenchOptions } from './options.js';
import { Pgbench } from './pgbench.js';
import { plot, type LoadCurve } from './plot.js';
import { table } from './report.js';
import { comparedScenario } from './scenario.js';

const pgbenchSeconds = 15;
const pgbenchMissing =
  'pgbench is not installed, so there are no ratios. On Debian: apt-get install postgresql-contrib.';

/** Not the temporary folder: that is often in memory. */
const dataRoot = '/var/tmp';

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
  const { length, scenarios, compare, plotFile, calls, pgbench, cpuProfileDir, settings } = options;
  const { url } = await startEmbeddedPostgres({ dataDir });
  for (const line of await describeEnvironment(url, dataDir)) print(line);
  const yardstick = pgbench ? await Pgbench.find() : null;
  if (pgbench) print(yardstick === null ? pgbenchMissing : `pgbench     ${await yardstick.version()}`);

  const tps: number[] = [];
  const measureYardstick = async () => {
    if (yardstick === null) return;
    const { url } = await startEmbeddedPostgres({ dataDir });
    tps.push(await yardstick.measure(url, pgbenchSeconds));
    say(`pgbench: ${tps.at(-1)?.toFixed(0)} tps`);
  };

  await yardstick?.initialise(url);
  await measureYardstick();
  const measurements: Measurement[] = [];
  for (const scenario of scenarios) {
    const measured = await measure(scenario, { dataDir, length, cpuProfileDir, settings, say });
    say(`${scenario.name}: ${measured.eventsPerSecond.toFixed(0)} events/s`);
    measurements.push(measured);
  }
  if (compare) {
    for (const contender of contenders) {
      const measured = await measureContender(contender, comparedScenario, { dataDir, length, say });
      say(`${contender.title}: ${measured.eventsPerSecond.toFixed(0)} events/s`);
      measurements.push(measured);
    }
  }
  if (plotFile !== undefined) {
    const curves: LoadCurve[] = [];
    for (const scenario of scenarios) {
      curves.push({ title: scenario.title, points: await measureLoadCurve(scenario, { dataDir, settings, say }) });
    }
    await writeFile(plotFile, plot(curves));
  }
  const called = calls ? await measureCalls({ dataDir, length, cpuProfileDir, settings, say }) : null;
  await measureYardstick();

  if (tps.length > 0) {
    const texts = tps.map((value) => value.toFixed(0)).join(' tps before and ');
    print(`pgbench -N -M prepared -c 16 -j 2 -s 50: ${texts} tps after; ratios are to the larger.`);
  }
  if (cpuProfileDir !== undefined) print('The server was being profiled, which slows it down.');
  print(`\n${table(measurements, tps.length === 0 ? null : Math.max(...tps))}\n`);
  if (called !== null) {
    const { control, reads } = called;
    print(
      `Pass and release at ${control.perSecond}/s: p50 ${control.p50Ms.toFixed(1)} ms, p99 ${control.p99Ms.toFixed(1)} ms. ` +
        `Reading the owner: ${reads.perSecond.toFixed(0)}/s, p50 ${reads.p50Ms.toFixed(1)} ms, p99 ${reads.p99Ms.toFixed(1)} ms.\n`,
    );
  }
  for (const { profile, scenario } of measurements) if (profile !== null) print(`${scenario.name}\n${profile}`);
  return reportFaults(measurements);
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
