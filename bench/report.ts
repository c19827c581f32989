import type { Measurement } from './measurement.js';

const headings = [
  'scenario',
  'events/s',
  '× pgbench',
  'p50 ms',
  'p99 ms',
  'events per POST in / out',
  'backlog s',
  'run s',
  'peak MB',
  'CPU µs per event: server',
  'Postgres',
  'load and receivers',
  'events per transaction',
  'WAL bytes per event',
];

/** The measurements as a Markdown table. `pgbenchTps` null: without ratios. */
export function table(measurements: readonly Measurement[], pgbenchTps: number | null): string {
  const rows = measurements.map((measured) => [
    measured.scenario.name,
    Math.round(measured.eventsPerSecond).toLocaleString('en'),
    pgbenchTps === null ? '-' : (measured.eventsPerSecond / pgbenchTps).toFixed(2),
    measured.p50Ms.toFixed(1),
    measured.p99Ms.toFixed(1),
    `${measured.scenario.eventsPerPostIn} / ${measured.eventsPerPostOut.toFixed(1)}`,
    measured.backlogSeconds.toFixed(2),
    measured.seconds.toFixed(1),
    measured.peakMemoryBytes === null ? '-' : (measured.peakMemoryBytes / 1e6).toFixed(0),
    microseconds(measured.serverCpuSeconds, measured.events),
    microseconds(measured.postgresCpuSeconds, measured.events),
    microseconds(measured.harnessCpuSeconds, measured.events),
    (measured.events / measured.transactions).toFixed(1),
    (measured.walBytes / measured.events).toFixed(0),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(headings), rule, ...rows.map(line)].join('\n');
}

function microseconds(seconds: number | null, events: number): string {
  return seconds === null ? '-' : ((seconds / events) * 1e6).toFixed(1);
}
