import type { Measurement } from './measurement.js';

type Row = readonly string[];

interface Column {
  readonly heading: string;
  /** Whether the documentation has it too: the others are for whoever looks into a run. */
  readonly documented: boolean;
  readonly cell: (measured: Measurement, pgbenchTps: number | null) => string;
}

const columns: readonly Column[] = [
  { heading: 'scenario', documented: true, cell: ({ scenario }) => scenario.name },
  { heading: 'events/s', documented: true, cell: ({ eventsPerSecond }) => whole(eventsPerSecond) },
  {
    heading: '× pgbench',
    documented: true,
    cell: ({ eventsPerSecond }, tps) => (tps === null ? '-' : (eventsPerSecond / tps).toFixed(2)),
  },
  { heading: 'p50 ms', documented: true, cell: ({ p50Ms }) => p50Ms.toFixed(1) },
  { heading: 'p99 ms', documented: true, cell: ({ p99Ms }) => p99Ms.toFixed(1) },
  {
    heading: 'events per POST in / out',
    documented: false,
    cell: ({ scenario, eventsPerPostOut }) => `${scenario.eventsPerPostIn} / ${eventsPerPostOut.toFixed(1)}`,
  },
  { heading: 'backlog s', documented: false, cell: ({ backlogSeconds }) => backlogSeconds.toFixed(2) },
  { heading: 'run s', documented: false, cell: ({ seconds }) => seconds.toFixed(1) },
  { heading: 'peak MB', documented: false, cell: ({ peakMemoryBytes }) => megabytes(peakMemoryBytes) },
  {
    heading: 'CPU µs per event: server',
    documented: true,
    cell: ({ serverCpuSeconds, events }) => microseconds(serverCpuSeconds, events),
  },
  {
    heading: 'PostgreSQL',
    documented: true,
    cell: ({ postgresCpuSeconds, events }) => microseconds(postgresCpuSeconds, events),
  },
  {
    heading: 'load and receivers',
    documented: true,
    cell: ({ harnessCpuSeconds, events }) => microseconds(harnessCpuSeconds, events),
  },
  {
    heading: 'events per transaction',
    documented: false,
    cell: ({ events, transactions }) => (events / transactions).toFixed(1),
  },
  { heading: 'WAL bytes per event', documented: true, cell: ({ walBytes, events }) => whole(walBytes / events) },
];

/** All that is known of the measurements, as a Markdown table. `pgbenchTps` null: without ratios. */
export function fullTable(measurements: readonly Measurement[], pgbenchTps: number | null): string {
  return tableOf(columns, measurements, pgbenchTps);
}

/** What the documentation tells of them. */
export function documentedTable(measurements: readonly Measurement[], pgbenchTps: number | null): string {
  const documented = columns.filter((column) => column.documented);
  return tableOf(documented, measurements, pgbenchTps);
}

function tableOf(shown: readonly Column[], measurements: readonly Measurement[], pgbenchTps: number | null): string {
  return markdownTable(
    shown.map(({ heading }) => heading),
    measurements.map((measured) => shown.map(({ cell }) => cell(measured, pgbenchTps))),
  );
}

/** The first column to the left, the others to the right, as Prettier leaves it. */
export function markdownTable(headings: Row, rows: readonly Row[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: Row) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(headings), rule, ...rows.map(line)].join('\n');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function megabytes(bytes: number | null): string {
  return bytes === null ? '-' : whole(bytes / 1e6);
}

function microseconds(seconds: number | null, events: number): string {
  return seconds === null ? '-' : ((seconds / events) * 1e6).toFixed(1);
}
