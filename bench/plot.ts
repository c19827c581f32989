import type { LoadPoint } from './load-curve.js';

/** A scenario's points. */
export interface LoadCurve {
  readonly title: string;
  readonly points: readonly LoadPoint[];
}

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly dashed: boolean;
  /** By the number of connections. */
  readonly values: readonly (readonly [connections: number, value: number])[];
}

const panelWidth = 420;
const panelHeight = 300;
const margin = { left: 64, right: 20, top: 40, bottom: 76 };
const colours = ['#2563eb', '#c2410c', '#15803d'];

/** Throughput and latency against load, side by side, both axes in powers. */
export function plot(curves: readonly LoadCurve[]): string {
  const lines = (suffix: string, dashed: boolean, value: (point: LoadPoint) => number) =>
    curves.map(({ title, points }, index): Line => {
      const values = points.map((point) => [point.connections, value(point)] as const);
      return { label: `${title}${suffix}`, colour: colours[index % colours.length] ?? '#000', dashed, values };
    });
  const throughput = lines('', false, ({ eventsPerSecond }) => eventsPerSecond);
  const latency = [...lines(', p50', false, ({ p50Ms }) => p50Ms), ...lines(', p99', true, ({ p99Ms }) => p99Ms)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${panelWidth * 2} ${panelHeight + 40}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    panel('Events a second, routed and delivered', throughput, 0),
    panel('Milliseconds until the answer', latency, panelWidth),
    '</svg>\n',
  ].join('\n');
}

function panel(title: string, lines: readonly Line[], left: number): string {
  const values = lines.flatMap((line) => line.values.map(([, value]) => value));
  const connections = [...new Set(lines.flatMap((line) => line.values.map(([x]) => x)))].sort((a, b) => a - b);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const [from, to] = [left + margin.left, left + panelWidth - margin.right];
  const [bottom, top] = [panelHeight - margin.bottom + 20, margin.top];
  const last = Math.log2(connections.at(-1) ?? 2);
  const x = (count: number) => (from + (Math.log2(count) / last) * (to - from)).toFixed(1);
  const y = (value: number) =>
    (bottom - (Math.log10(value / lowest) / Math.log10(highest / lowest)) * (bottom - top)).toFixed(1);

  const powers = Array.from({ length: Math.round(Math.log10(highest / lowest)) + 1 }, (_, nth) => lowest * 10 ** nth);
  return [
    `<text x="${from}" y="22" font-weight="bold">${title}</text>`,
    ...powers.map(
      (value) =>
        `<line x1="${from}" x2="${to}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
        `<text x="${from - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ),
    ...connections.map((count) => `<text x="${x(count)}" y="${bottom + 18}" text-anchor="middle">${count}</text>`),
    `<text x="${(from + to) / 2}" y="${bottom + 36}" text-anchor="middle">connections</text>`,
    ...lines.map(({ colour, dashed, values: points }) => {
      const path = points.map(([count, value]) => `${x(count)},${y(value)}`).join(' ');
      const style = `fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ''}`;
      return `<polyline points="${path}" ${style}/>`;
    }),
    ...lines.map(({ label, colour, dashed }, nth) => {
      const at = { x: from + (nth % 2) * 170, y: bottom + 58 + Math.floor(nth / 2) * 18 };
      const dash = dashed ? ' stroke-dasharray="5 4"' : '';
      return (
        `<line x1="${at.x}" x2="${at.x + 22}" y1="${at.y - 4}" y2="${at.y - 4}" stroke="${colour}" stroke-width="2"${dash}/>` +
        `<text x="${at.x + 28}" y="${at.y}">${label}</text>`
      );
    }),
  ].join('\n');
}
