import type { CallsMeasurement } from './calls.js';
import type { DeadlinesMeasurement } from './deadlines.js';
import type { EnduranceRound } from './endurance.js';
import type { Measurement } from './measurement.js';
import type { ReportPart } from './record.js';
import { documentedTable, markdownTable, megabytes, whole } from './report.js';
import type { StoredMeasurement } from './stored.js';

/** Everything a run has measured; what it did not measure is empty or null. */
export interface Measured {
  /** Machine, versions, command, date, pgbench: one a line. */
  readonly circumstances: readonly string[];
  readonly yardstickTps: number | null;
  readonly measurements: readonly Measurement[];
  readonly compared: readonly Measurement[];
  readonly called: CallsMeasurement | null;
  readonly instances: number;
  /** With so many instances. */
  readonly together: readonly Measurement[];
  readonly stored: StoredMeasurement | null;
  readonly deadlines: DeadlinesMeasurement | null;
  readonly endurance: readonly EnduranceRound[] | null;
}

/** What a run tells, in the parts that the documentation has. */
export function describeParts(run: Measured): ReportPart[] {
  const { measurements, compared, called, together, stored, deadlines, endurance, yardstickTps } = run;
  const under = `\`\`\`text\n${run.circumstances.join('\n')}\n\`\`\``;
  const parts: ReportPart[] = [
    {
      name: 'run',
      text: [under, documentedTable(measurements, yardstickTps), ...(called === null ? [] : [sentenceOf(called)])].join(
        '\n\n',
      ),
    },
  ];
  const [base] = measurements;
  if (compared.length > 0 && base !== undefined) {
    const rows = [{ ...base, scenario: { ...base.scenario, name: 'Signalbox' } }, ...compared];
    parts.push({ name: 'compare', text: `${under}\n\n${documentedTable(rows, yardstickTps)}` });
  }
  if (together.length > 0) {
    const rows = together.map((measured) => [
      measured.scenario.name,
      whole(measured.eventsPerSecond),
      ratio(measured, measurements),
      microsecondsOf(measured),
    ]);
    const headings = ['scenario', `events/s, ${run.instances} instances`, '× one', 'CPU µs per event, all'];
    parts.push({ name: 'instances', text: `${under}\n\n${markdownTable(headings, rows)}` });
  }
  if (stored !== null) parts.push({ name: 'stored', text: `${under}\n\n${describeStored(stored, measurements)}` });
  if (deadlines !== null) parts.push({ name: 'deadlines', text: `${under}\n\n${describeDeadlines(deadlines)}` });
  if (endurance !== null) {
    const rows = endurance.map(({ minutes, eventsPerSecond, memoryBytes }) => [
      minutes.toFixed(1),
      whole(eventsPerSecond),
      megabytes(memoryBytes),
    ]);
    const text = markdownTable(['minutes', 'events/s', 'server MB'], rows);
    parts.push({ name: 'endurance', text: `${under}\n\n${text}` });
  }
  return parts;
}

function sentenceOf({ control, reads }: CallsMeasurement): string {
  return (
    `Pass and release at ${control.perSecond}/s: p50 ${control.p50Ms.toFixed(1)} ms, p99 ${control.p99Ms.toFixed(1)} ms. ` +
    `Reading the owner: ${whole(reads.perSecond)}/s, p50 ${reads.p50Ms.toFixed(1)} ms, p99 ${reads.p99Ms.toFixed(1)} ms.`
  );
}

function describeStored(stored: StoredMeasurement, empty: readonly Measurement[]): string {
  const rows = [...stored.measurements, stored.whileDropping].map((measured) => [
    measured.scenario.name,
    whole(measured.eventsPerSecond),
    ratio(measured, empty),
    measured.p50Ms.toFixed(1),
    measured.p99Ms.toFixed(1),
  ]);
  const sizes = stored.relations.map(({ name, bytes }) => [name, megabytes(bytes)]);
  return [
    `${whole(stored.people)} people and ${whole(stored.rows)} rows of log stored. Dropping a day took ${whole(stored.dropMs)} ms.`,
    markdownTable(['scenario', 'events/s', '× empty', 'p50 ms', 'p99 ms'], rows),
    markdownTable(['table or index', 'MB'], sizes),
  ].join('\n\n');
}

function describeDeadlines({ deadlines, waitingCpuMsPerSecond, firedPerSecond }: DeadlinesMeasurement): string {
  return (
    `${whole(deadlines)} control windows: while they wait, ${waitingCpuMsPerSecond.toFixed(1)} ms of processor time a ` +
    `second, server and PostgreSQL together; once due, ${whole(firedPerSecond)} end a second.`
  );
}

/** To the same scenario among others. */
function ratio(measured: Measurement, others: readonly Measurement[]): string {
  const other = others.find(
    ({ scenario }) =>
      scenario.eventsPerPostIn === measured.scenario.eventsPerPostIn &&
      scenario.eventsPerPostOut === measured.scenario.eventsPerPostOut,
  );
  return other === undefined ? '-' : (measured.eventsPerSecond / other.eventsPerSecond).toFixed(2);
}

function microsecondsOf({ serverCpuSeconds, postgresCpuSeconds, events }: Measurement): string {
  if (serverCpuSeconds === null || postgresCpuSeconds === null) return '-';
  return (((serverCpuSeconds + postgresCpuSeconds) / events) * 1e6).toFixed(1);
}
