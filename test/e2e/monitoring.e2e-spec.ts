import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { runShell } from '../support/run.js';
import { startSignalbox } from '../support/signalbox.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

const file = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

let metrics: Set<string>;
let dashboard: { title: string; expr: string }[];
let alerts: Alert[];

beforeAll(async () => {
  const signalbox = await startSignalbox();
  const { body } = await signalbox.api('GET', '/metrics');
  await signalbox.stop();
  metrics = new Set([...body.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
  dashboard = JSON.parse(await file('ops/grafana/signalbox.json')).panels.flatMap(({ title, targets }: any) =>
    targets.map(({ expr }: any) => ({ title, expr })),
  );
  alerts = parse(await file('ops/prometheus/alerts.yml')).groups.flatMap(({ rules }: any) => rules);
});

/** The metrics a query reads. Of a histogram, its parts. */
const metricsIn = (expr: string) =>
  [...expr.matchAll(/\b(?:signalbox|nodejs|process)_\w+/g)].map(([name]) =>
    metrics.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''),
  );

it('every query of the dashboard and of the alerts reads what the server tells', () => {
  const queries = [...dashboard, ...alerts.map(({ alert, expr }) => ({ title: alert, expr }))];
  const unknown = queries.flatMap(({ title, expr }) =>
    metricsIn(expr)
      .filter((name) => !metrics.has(name))
      .map((name) => `${title}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

it('the dashboard shows every figure of ours', () => {
  const shown = new Set(dashboard.flatMap(({ expr }) => metricsIn(expr)));
  expect([...metrics].filter((name) => name.startsWith('signalbox_') && !shown.has(name))).toEqual([]);
});

it('every alert says how urgent it is and what to do, and the handbook has a section for it', async () => {
  const handbook = await file('docs/operations.md');
  expect(alerts.length).toBeGreaterThan(0);
  for (const { alert, labels, annotations } of alerts) {
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(annotations).toEqual({ summary: expect.stringMatching(/\S/), action: expect.stringMatching(/\.$/) });
    expect(handbook).toContain(`### ${alert}\n`);
  }
  const sections = [...handbook.matchAll(/^### (Signalbox\w+)$/gm)].map(([, name]) => name);
  expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

it('Prometheus itself takes the alerts, where it is installed', async () => {
  const { code: missing } = await runShell('command -v promtool');
  if (missing !== 0) return;
  const { code, stdout, stderr } = await runShell('promtool check rules ops/prometheus/alerts.yml');
  expect({ code, said: stdout + stderr }).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') });
});
