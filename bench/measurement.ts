import path from 'node:path';
import pg from 'pg';
import { findPostmaster } from '../src/store/postmaster.js';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.js';
import { apps } from './cast.js';
import { summariseProfile } from './cpu-profile.js';
import type { LoadReport, LoadRequest } from './load-generator.js';
import { databaseUsage } from './database-usage.js';
import { startContender, type Contender } from './compare/contender.js';
import { cpuSecondsOf, peakMemoryOf } from './process-usage.js';
import type { ProcessUnderTest } from './process-under-test.js';
import type { ReceiversReport, ReceiversRequest } from './receivers.js';
import { connectionCount, type Scenario } from './scenario.js';
import { ServerUnderTest } from './server-under-test.js';
import { Worker } from './worker.js';

/** How long the measured run is. */
export type RunLength = { readonly seconds: number } | { readonly events: number };

/** What a scenario came to. */
export interface Measurement {
  readonly scenario: Scenario;
  readonly events: number;
  /** Routed and delivered to both apps. */
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** How long after the last answer the last delivery came. */
  readonly backlogSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly busy: number;
  readonly eventsPerPostOut: number;
  readonly peakMemoryBytes: number | null;
  readonly serverCpuSeconds: number | null;
  readonly postgresCpuSeconds: number | null;
  /** The load generator's and the receivers' together. */
  readonly harnessCpuSeconds: number | null;
  /** Of all the server does: routing, cursors, leases, timers. */
  readonly transactions: number;
  /** What PostgreSQL wrote ahead. */
  readonly walBytes: number;
  /** What was lost, repeated, reordered or sent to the wrong place; empty if all is well. */
  readonly faults: readonly string[];
  /** Where the server spent its time, if that was asked for. */
  readonly profile: string | null;
}

export interface MeasureOptions {
  readonly dataDir: string;
  readonly length: RunLength;
  readonly cpuProfileDir: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** Servers on one database, each with its share of the connections. */
  readonly instances: number;
  /** Whether what an earlier measurement has left in the database stays there. */
  readonly keepDatabase: boolean;
  readonly say: (line: string) => void;
}

/** Each round is whole posts on every connection, and these take a hundred times as long. */
const contenderWarmUpEvents = 3_200;

/** Everybody who takes part in a measurement. */
export interface Cast<Server extends ProcessUnderTest = ProcessUnderTest> {
  readonly servers: readonly Server[];
  readonly receivers: Worker<ReceiversRequest, ReceiversReport>;
  readonly load: Worker<LoadRequest, LoadReport>;
}

/** Runs one scenario, on an empty database unless it is kept: two warm-ups, then the measured run. */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<Measurement> {
  const { cpuProfileDir } = options;
  let serverPid = 0;
  const { result, fromMs, toMs } = await withCast(options, scenario.eventsPerPostOut, (cast) => {
    serverPid = cast.servers[0]?.pid ?? 0;
    return measureRunning(scenario, options, cast);
  });
  if (cpuProfileDir === undefined) return result;
  return { ...result, profile: await summariseProfile(cpuProfileDir, serverPid, fromMs, toMs) };
}

/** The same with something else in the server's place. */
export async function measureContender(
  contender: Contender,
  scenario: Scenario,
  options: Pick<MeasureOptions, 'dataDir' | 'length' | 'say'>,
): Promise<Measurement> {
  const { dataDir } = options;
  const { eventsPerPostOut } = scenario;
  const named = { ...scenario, name: contender.title, warmUpEvents: contenderWarmUpEvents };
  const start = async (callbacks: readonly string[]) => [
    await startContender(contender, { dataDir, callbacks, eventsPerPostOut, logFile: logFileIn(dataDir) }),
  ];
  await emptyDatabase(dataDir);
  const { result } = await withProcesses(start, (cast) => measureRunning(named, options, cast));
  return result;
}

/** Runs `work` with servers on one database, apps that listen, and a platform that is connected. */
export async function withCast<T>(
  options: Omit<MeasureOptions, 'length' | 'say'>,
  eventsPerPostOut: number,
  work: (cast: Cast<ServerUnderTest>) => Promise<T>,
): Promise<T> {
  const { dataDir, cpuProfileDir, settings, instances, keepDatabase } = options;
  const launch = () => ServerUnderTest.start({ dataDir, cpuProfileDir, settings, logFile: logFileIn(dataDir) });
  const start = async (callbacks: readonly string[]) => {
    const first = await launch();
    await first.configure(callbacks, eventsPerPostOut);
    return [first, ...(await Promise.all(Array.from({ length: instances - 1 }, launch)))];
  };
  if (!keepDatabase) await emptyDatabase(dataDir);
  return withProcesses(start, work);
}

async function withProcesses<T, Server extends ProcessUnderTest>(
  start: (callbacks: readonly string[]) => Promise<readonly Server[]>,
  work: (cast: Cast<Server>) => Promise<T>,
): Promise<T> {
  const receivers = new Worker<ReceiversRequest, ReceiversReport>(new URL('./receivers.js', import.meta.url));
  const load = new Worker<LoadRequest, LoadReport>(new URL('./load-generator.js', import.meta.url));
  let servers: readonly Server[] = [];
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  try {
    const { urls } = await receivers.ask({ type: 'listen' });
    servers = await start(urls);
    await load.ask({ type: 'connect', ports: servers.map(({ port }) => port) });
    const answer = await work({ servers, receivers, load });
    await stop();
    return answer;
  } finally {
    load.stop();
    receivers.stop();
    await stop();
  }
}

const logFileIn = (dataDir: string) => path.join(dataDir, 'server.log');

/** What is measured makes its tables anew. */
async function emptyDatabase(dataDir: string): Promise<void> {
  const { url } = await startEmbeddedPostgres({ dataDir });
  const client = new pg.Client({ connectionString: url.replace('/signalbox?', '/postgres?') });
  await client.connect();
  try {
    await client.query('drop database if exists signalbox');
  } finally {
    await client.end();
  }
}

/** Sends so many events after those that were `sent` before, and waits until both apps have them. */
export async function measureRound(
  scenario: Scenario,
  wanted: number,
  sent: number,
  dataDir: string,
  { servers, receivers, load }: Cast,
) {
  const { events } = await load.ask({
    type: 'prepare',
    events: wanted,
    eventsPerPost: scenario.eventsPerPostIn,
    connections: connectionCount,
  });
  const pids = servers.map(({ pid }) => pid);
  const before = await usageOf(pids, [load.pid, receivers.pid], dataDir);
  const answered = await load.ask({ type: 'run' });
  const received = await receivers.ask({ type: 'drain', events: sent + events });
  const after = await usageOf(pids, [load.pid, receivers.pid], dataDir);
  const seconds = (received.lastDeliveryAtMs - answered.firstPostAtMs) / 1000;
  return { events, seconds, rate: events / seconds, answered, received, before, after };
}

async function measureRunning(
  scenario: Scenario,
  { dataDir, length, say }: Pick<MeasureOptions, 'dataDir' | 'length' | 'say'>,
  cast: Cast,
): Promise<{ result: Measurement; fromMs: number; toMs: number }> {
  let sent = 0;
  const runOf = async (wanted: number) => {
    const round = await measureRound(scenario, wanted, sent, dataDir, cast);
    sent += round.events;
    return round;
  };

  const cold = await runOf(scenario.warmUpEvents);
  say(`${scenario.name}: ${Math.round(cold.rate)} events/s at first …`);
  const warm = await runOf(scenario.warmUpEvents);
  const wanted = 'events' in length ? length.events : Math.round(warm.rate * length.seconds);
  say(`${scenario.name}: warmed up at ${Math.round(warm.rate)} events/s, now ${wanted} events …`);
  const { events, seconds, rate, answered, received, before, after } = await runOf(wanted);

  const posts = sum(received.apps, ({ posts }) => posts) - sum(warm.received.apps, ({ posts }) => posts);
  const result: Measurement = {
    scenario,
    events,
    eventsPerSecond: rate,
    seconds,
    backlogSeconds: Math.max(0, received.lastDeliveryAtMs - answered.lastAnswerAtMs) / 1000,
    p50Ms: answered.p50Ms,
    p99Ms: answered.p99Ms,
    busy: answered.busy,
    eventsPerPostOut: (events * apps.length) / posts,
    peakMemoryBytes: await peakMemoryOf(cast.servers[0]?.pid ?? 0),
    serverCpuSeconds: difference(before.server, after.server),
    postgresCpuSeconds: difference(before.postgres, after.postgres),
    harnessCpuSeconds: difference(before.harness, after.harness),
    transactions: after.transactions - before.transactions,
    walBytes: after.walBytes - before.walBytes,
    faults: faultsOf(received, sent),
    profile: null,
  };
  return { result, fromMs: answered.firstPostAtMs, toMs: received.lastDeliveryAtMs };
}

/** What was used until now; `server`: by all of them together. */
export async function usageOf(
  serverPids: readonly number[],
  harnessPids: readonly (number | undefined)[],
  dataDir: string,
) {
  const postmaster = await findPostmaster(path.join(dataDir, 'postgres'));
  const { url } = await startEmbeddedPostgres({ dataDir });
  const secondsOf = async (pids: readonly (number | undefined)[]) =>
    sum(await Promise.all(pids.map((pid) => cpuSecondsOf(pid ?? 0))), (seconds) => seconds ?? NaN);
  return {
    ...(await databaseUsage(url)),
    server: await secondsOf(serverPids),
    harness: await secondsOf(harnessPids),
    postgres: postmaster === null ? null : await cpuSecondsOf(postmaster.pid),
  };
}

function faultsOf(received: ReceiversReport, sent: number): string[] {
  const faults = received.apps.flatMap(({ events, duplicates, reordered }, index) => {
    const name = apps[index]?.name ?? '';
    return [
      ...(events === sent ? [] : [`${name} did not get ${sent - events} of ${sent} events`]),
      ...(duplicates === 0 ? [] : [`${name} got ${duplicates} events twice`]),
      ...(reordered === 0 ? [] : [`${name} got ${reordered} events after later ones of the same person`]),
    ];
  });
  // Each event has one owner; the other app is on standby.
  const standby = sum(received.apps, ({ standby }) => standby);
  if (faults.length === 0 && standby !== sent) faults.push(`of ${sent} events, ${standby} standby copies were sent`);
  return faults;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null || Number.isNaN(after - before) ? null : after - before;
}
