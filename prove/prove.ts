/** `npm run prove`: every kind of fault against real servers and a real PostgreSQL, and a check of all that was promised. */
import { runChaos, type ChaosReport } from './chaos.js';
import { readOptions, usage, type ProveOptions } from './options.js';

// Everything that was started ends with us: `close` is reached by an exception, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exit(await main());

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
  const { seed, profile } = options;
  print(`seed ${seed}`);
  const report = await runChaos({
    seed,
    lengthMs: profile === 'short' ? 0 : options.minutes * 60_000,
    people: profile === 'short' ? 240 : 2_400,
    eventsPerSecond: profile === 'short' ? 250 : 600,
    say,
  });
  printChaos(report);
  return report.faults.length === 0 ? 0 : 1;
}

function printChaos(report: ChaosReport): void {
  const { faults, acts, checked, ...figures } = report;
  for (const [name, value] of Object.entries({ ...figures, ...checked })) print(`${name}: ${JSON.stringify(value)}`);
  if (faults.length === 0) return;
  print(`\nWRONG. Repeat it with --seed ${report.seed}. Acts: ${acts.join('; ')}`);
  for (const fault of faults) print(fault);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}
