import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { RunLength } from './measurement.js';
import { scenarios, type Scenario } from './scenario.js';

export const usage = `npm run bench -- [options]

  --seconds N        length of each measured run, about (15)
  --events N         the same as a number of events
  --scenario NAME    only this one, may be repeated: ${scenarios.map(({ name }) => name).join(', ')}
  --compare          and the same load on what one would use instead
  --plot FILE        and throughput and latency against load, as an SVG
  --instances N      and the same with so many servers on one database
  --stored           and the same on a database that holds the log of many people
  --deadlines        and a million control windows that all end at once
  --people N         instead of 10,000,000 people who are stored, and of a million control windows
  --minutes N        and the first scenario for so long, to see whether memory grows
  --record           put what was measured into docs/performance.md; the scenarios only with pgbench
  --no-calls         without the apps' own calls: passes, releases, reads of the owner
  --no-pgbench       without pgbench, and so without ratios
  --setting NAME=V   start the server with this setting, may be repeated
  --cpu-profile DIR  profile the server, leave the profiles in DIR and print their largest parts
  --help
`;

const storedByDefault = 10_000_000;
const deadlinesByDefault = 1_000_000;

export interface BenchOptions {
  readonly length: RunLength;
  readonly scenarios: readonly Scenario[];
  readonly compare: boolean;
  readonly plotFile: string | undefined;
  readonly calls: boolean;
  readonly instances: number;
  /** How many people are stored; null: the scenarios run on an empty database only. */
  readonly stored: number | null;
  /** How many control windows end at once; null: that is not measured. */
  readonly deadlines: number | null;
  /** How long the endurance run is; null: there is none. */
  readonly minutes: number | null;
  readonly record: boolean;
  readonly pgbench: boolean;
  readonly cpuProfileDir: string | undefined;
  /** Settings of the server beside those of the benchmark. */
  readonly settings: Readonly<Record<string, string>>;
  readonly help: boolean;
}

/** Reads the command line. Throws an error with a sentence for the user. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      seconds: { type: 'string', default: '15' },
      events: { type: 'string' },
      scenario: { type: 'string', multiple: true, default: scenarios.map(({ name }) => name) },
      compare: { type: 'boolean', default: false },
      plot: { type: 'string' },
      calls: { type: 'boolean', default: true },
      instances: { type: 'string', default: '1' },
      stored: { type: 'boolean', default: false },
      deadlines: { type: 'boolean', default: false },
      people: { type: 'string' },
      minutes: { type: 'string' },
      record: { type: 'boolean', default: false },
      pgbench: { type: 'boolean', default: true },
      'cpu-profile': { type: 'string' },
      setting: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const profiles = values['cpu-profile'];
  const people = values.people === undefined ? undefined : positive('--people', values.people);
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true });
  return {
    length:
      values.events === undefined
        ? { seconds: positive('--seconds', values.seconds) }
        : { events: positive('--events', values.events) },
    scenarios: values.scenario.map(scenarioNamed),
    compare: values.compare,
    plotFile: values.plot,
    calls: values.calls,
    instances: positive('--instances', values.instances),
    stored: values.stored ? (people ?? storedByDefault) : null,
    deadlines: values.deadlines ? (people ?? deadlinesByDefault) : null,
    minutes: values.minutes === undefined ? null : positive('--minutes', values.minutes),
    record: values.record,
    pgbench: values.pgbench,
    settings: Object.fromEntries(values.setting.map(readSetting)),
    cpuProfileDir: profiles === undefined ? undefined : path.resolve(profiles),
    help: values.help,
  };
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`There is no scenario ${name}.`);
  return found;
}

function readSetting(text: string): [name: string, value: string] {
  const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new Error(`--setting must be NAME=VALUE, not ${text}.`);
  return [name, value];
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`${option} must be a positive number.`);
  return value;
}
