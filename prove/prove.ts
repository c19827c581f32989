/** `npm run prove`: every kind of fault against real servers and a real PostgreSQL, and a check of all that was promised. */
import { runChaos, type ChaosReport } from './chaos.js';
import { runDeadApp, type DeadAppReport } from './dead-app.js';
import { runDeadlines, type DeadlinesReport } from './deadlines.js';
import { readOptions, usage, type PartName, type ProveOptions } from './options.js';
import { writeProof } from './proof-document.js';
import { runRollingRestart, type RollingRestartReport } from './rolling-restart.js';

// However we end, everything that was started ends with us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exit(await main());

interface Reports {
  chaos?: ChaosReport;
  rollingRestart?: RollingRestartReport;
  deadApp?: DeadAppReport;
  deadlines?: DeadlinesReport;
}

async function main(): Promise<number> {
  let options: ProveOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { seed, minutes } = options;
  print(`seed ${seed}`);
  const reports: Reports = {};
  for (const part of options.parts) await run(part, options, reports);
  const wrong = Object.values(reports).flatMap((report: { faults: readonly string[] }) => report.faults);
  if (wrong.length > 0) {
    print(`\nWRONG. Repeat it with --seed ${seed}. Acts: ${reports.chaos?.acts.join('; ') ?? 'none'}`);
    for (const line of wrong) print(line);
    return 1;
  }
  const { chaos, rollingRestart, deadApp, deadlines } = reports;
  if (options.profile === 'long' && chaos && rollingRestart && deadApp && deadlines) {
    await writeProof({ seed, minutes, chaos, rollingRestart, deadApp, deadlines });
    print('docs/proof.md is written');
  }
  return 0;
}

/**
 * Chaos has a third of the time of a long run. A million events for a dead app, and a million threads with a deadline, may
 * each take up to a quarter of it to come in; draining and checking take the rest.
 */
async function run(part: PartName, { seed, profile, minutes }: ProveOptions, reports: Reports): Promise<void> {
  const long = profile === 'long';
  const most = long ? Math.min(1_000_000, 33_334 * minutes) : 20_000;
  const fillMsMax = long ? minutes * 15_000 : 20_000;
  print(`\n${part}`);
  switch (part) {
    case 'chaos':
      reports.chaos = await runChaos({
        seed,
        lengthMs: long ? minutes * 20_000 : 0,
        people: long ? 2_400 : 240,
        eventsPerSecond: long ? 700 : 250,
        say,
      });
      return printFigures({ ...reports.chaos, ...reports.chaos.checked });
    case 'rolling-restart':
      reports.rollingRestart = await runRollingRestart(seed, long ? 3 : 1);
      return printFigures(reports.rollingRestart);
    case 'dead-app':
      reports.deadApp = await runDeadApp(seed, most, fillMsMax, say);
      return printFigures(reports.deadApp);
    case 'deadlines':
      reports.deadlines = await runDeadlines(seed, most, fillMsMax, say);
      return printFigures(reports.deadlines);
  }
}

function printFigures(report: object): void {
  for (const [name, value] of Object.entries(report)) {
    if (!['faults', 'acts', 'checked'].includes(name)) print(`${name}: ${JSON.stringify(value)}`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}
