import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import type { ChaosReport } from './chaos.js';
import type { DeadAppReport } from './dead-app.js';
import type { DeadlinesReport } from './deadlines.js';
import type { RollingRestartReport } from './rolling-restart.js';
import { percentile } from './statistics.js';

export interface LongRun {
  readonly seed: number;
  readonly minutes: number;
  readonly chaos: ChaosReport;
  readonly rollingRestart: RollingRestartReport;
  readonly deadApp: DeadAppReport;
  readonly deadlines: DeadlinesReport;
}

/** Writes the figures of a long run, where everything that was checked was right, into `docs/proof.md`. */
export async function writeProof(run: LongRun): Promise<void> {
  const { chaos, rollingRestart, deadApp, deadlines, seed, minutes } = run;
  const cpus = os.cpus();
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const total = [chaos, rollingRestart, deadApp, deadlines].reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const deaths = chaos.kills + chaos.deathsAtFailpoints;
  const share = (chaos.duplicates / chaos.delivered) * 100;
  const rows: (readonly [what: string, figure: string])[] = [
    ['events acknowledged, in all parts', count(total)],
    ['of these under faults', count(chaos.acknowledged)],
    ['processes killed with SIGKILL, of these at a failpoint', `${count(deaths)}, ${count(chaos.deathsAtFailpoints)}`],
    ['database crashes', count(chaos.databaseCrashes)],
    ['processes stopped for longer than any lease', count(chaos.pauses)],
    [
      'network faults before the database, of these commits cut off from their answer',
      `${count(chaos.networkFaults)}, ${count(chaos.cutCommits)}`,
    ],
    [
      'changes of configuration, leaps of the clock',
      `${count(chaos.configurationChanges)}, ${count(chaos.clockLeaps)}`,
    ],
    ['clock of one of three machines', '25 h ahead all the time'],
    ['events lost', '0'],
    ['deliveries out of order, per app and thread', '0'],
    ['threads with two owners', '0'],
    ['deliveries', count(chaos.delivered)],
    [
      'repeated although the app had answered',
      `${count(chaos.duplicates)} (${share.toFixed(2)} %, ${(chaos.duplicates / deaths).toFixed(0)} a death), all with the same id and bytes`,
    ],
    [
      'takeover from a killed instance, median and longest',
      `${seconds(percentile(chaos.takeoverMs, 0.5))}, ${seconds(Math.max(0, ...chaos.takeoverMs))}`,
    ],
    ['from the last fault to the last empty queue', seconds(chaos.settledMs)],
    ['largest instance, resident', `${(chaos.memoryMaxBytes / 2 ** 20).toFixed(0)} MiB`],
    [
      'rolling restart of three instances: failed requests, repeated deliveries',
      `${rollingRestart.failedRequests}, ${rollingRestart.duplicates}`,
    ],
    ['one app dead: deliveries that waited for it', count(deadApp.backlog)],
    [
      'the other apps meanwhile, p99 before and then',
      `${deadApp.othersP99BeforeMs.toFixed(0)} ms, ${deadApp.othersP99MeanwhileMs.toFixed(0)} ms`,
    ],
    ['its first delivery after its return', seconds(deadApp.firstDeliveryMs)],
    ['its backlog, in order', `${count(Math.round(deadApp.drainedPerSecond))}/s`],
    [
      'deadlines in one moment: how many, early, lost',
      `${count(deadlines.due)}, ${deadlines.early}, ${deadlines.lost}`,
    ],
    [
      'until the last of them had its effect, and ingest p99 meanwhile',
      `${seconds(deadlines.tookMs)}, ${deadlines.ingestP99Ms.toFixed(0)} ms`,
    ],
  ];
  const text = `# Proof

Written by \`npm run prove -- --profile long\`, which ends with an error and leaves this file alone when anything it checks
is wrong. What it does, and where each kind of fault is tested: [faults.md](faults.md).

- Date: ${new Date().toISOString().slice(0, 10)}; length: ${minutes} minutes; seed: ${seed} (\`--seed ${seed}\` repeats it)
- Commit: ${commit}
- Machine: ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}; servers, PostgreSQL, the
  platform and the apps all on it

| What | Figure |
|---|---|
${rows.map(([what, figure]) => `| ${what} | ${figure} |`).join('\n')}
`;
  await writeFile(new URL('../../docs/proof.md', import.meta.url), text);
}

const count = (value: number) => value.toLocaleString('en');
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
