/**
 * The platform: posts signed webhooks over many connections, in a process of its own. Requests are made and signed
 * before a run, so that during it the generator takes as little of the machine as possible.
 */
import { graphCalls } from './graph-calls.js';
import { LoadConnection } from './load-connection.js';
import { monotonicMs } from './monotonic.js';
import { connectionCount } from './scenario.js';
import { WebhookBodies } from './webhook-bodies.js';
import { answerRequests } from './worker.js';

export type LoadRequest =
  /** Connections go to these in turn. */
  | { readonly type: 'connect'; readonly ports: readonly number[] }
  | {
      readonly type: 'prepare';
      readonly events: number;
      readonly eventsPerPost: number;
      /** How many of the connections send. */
      readonly connections: number;
    }
  /** So many people, each of whom comes in through the ad once. */
  | { readonly type: 'prepareAdEntries'; readonly people: number }
  | { readonly type: 'prepareOwnerReads'; readonly reads: number; readonly people: number; readonly token: string }
  /** Each connection sends what was prepared for it, one request after the other. */
  | { readonly type: 'run' }
  /** Passes and releases of these people's threads, in turn, so many a second whether or not they are answered. */
  | {
      readonly type: 'control';
      readonly people: number;
      readonly perSecond: number;
      readonly tokens: { readonly marketing: string; readonly support: string };
    };

export interface LoadReport {
  /** Events or calls: what was asked for, in whole posts, the same number on each connection. */
  readonly events: number;
  readonly firstPostAtMs: number;
  readonly lastAnswerAtMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers with 503, after each of which the same webhook was sent again. */
  readonly busy: number;
}

const bodies = new WebhookBodies();
let connections: LoadConnection[] = [];
let prepared: Buffer[][] = [];
let events = 0;

answerRequests(async (request: LoadRequest): Promise<LoadReport> => {
  const idle = { events, firstPostAtMs: 0, lastAnswerAtMs: 0, p50Ms: 0, p99Ms: 0, busy: 0 };
  switch (request.type) {
    case 'connect':
      connections = await Promise.all(
        Array.from({ length: connectionCount }, (_, nth) =>
          LoadConnection.open(request.ports[nth % request.ports.length] ?? 0),
        ),
      );
      return idle;
    case 'prepare':
      return { ...idle, events: prepare(request) };
    case 'prepareAdEntries':
      prepared = shareOut(groupsOf(adEntriesPerPost, request.people).map((people) => bodies.adEntries(people)));
      return { ...idle, events: (events = request.people) };
    case 'prepareOwnerReads': {
      const { reads, people, token } = request;
      prepared = shareOut(Array.from({ length: reads }, (_, nth) => graphCalls.readOwner(nth % people, token)));
      return { ...idle, events: (events = reads) };
    }
    case 'run':
      return run();
    case 'control':
      return control(request);
  }
});

const adEntriesPerPost = 50;

function groupsOf(size: number, count: number): number[][] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: Math.ceil(count / size) }, (_, group) => numbers.slice(group * size, (group + 1) * size));
}

function shareOut(requests: readonly Buffer[]): Buffer[][] {
  return connections.map((_, connection) => requests.filter((__, nth) => nth % connections.length === connection));
}

function prepare(wanted: Extract<LoadRequest, { type: 'prepare' }>): number {
  const { eventsPerPost } = wanted;
  const senders = connections.slice(0, wanted.connections);
  const posts = Math.ceil(wanted.events / eventsPerPost / senders.length);
  prepared = senders.map((_, connection) =>
    Array.from({ length: posts }, () => bodies.request(connection, eventsPerPost)),
  );
  events = posts * senders.length * eventsPerPost;
  return events;
}

/**
 * At the pace of a clock, on whichever connection is free; a call that has to wait for one is counted from when it was
 * due. Each thread is passed, and released some calls later by who got it.
 */
async function control({ people, perSecond, tokens }: Extract<LoadRequest, { type: 'control' }>): Promise<LoadReport> {
  const free = [...connections];
  const waiting: (() => void)[] = [];
  const latenciesMs: number[] = [];
  const calls = Array.from({ length: people }, (_, person) => [
    graphCalls.pass(person, tokens.marketing),
    ...(person < releasedAfter ? [] : [graphCalls.release(person - releasedAfter, tokens.support)]),
  ]).flat();
  const firstPostAtMs = monotonicMs();
  const underWay = new Set<Promise<void>>();
  for (const [nth, call] of calls.entries()) {
    const dueAtMs = firstPostAtMs + (nth * 1000) / perSecond;
    const earlyMs = dueAtMs - monotonicMs();
    // A timer may fire a little early or late; the time counts from when the call was due.
    if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
    const done = send(call, dueAtMs);
    underWay.add(done);
    void done.then(() => underWay.delete(done));
  }
  await Promise.all(underWay);
  return { events: calls.length, firstPostAtMs, lastAnswerAtMs: monotonicMs(), ...percentilesOf(latenciesMs), busy: 0 };

  async function send(call: Buffer, dueAtMs: number): Promise<void> {
    let connection = free.pop();
    while (connection === undefined) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      connection = free.pop();
    }
    await connection.send([call]);
    latenciesMs.push(monotonicMs() - dueAtMs);
    free.push(connection);
    waiting.shift()?.();
  }
}

/** Calls between a pass and the release of the same thread. */
const releasedAfter = 50;

async function run(): Promise<LoadReport> {
  for (const connection of connections) {
    connection.latenciesMs.length = 0;
    connection.busy = 0;
  }
  const firstPostAtMs = monotonicMs();
  await Promise.all(connections.map((connection, index) => connection.send(prepared[index] ?? [])));
  const lastAnswerAtMs = monotonicMs();
  prepared = [];
  return {
    events,
    firstPostAtMs,
    lastAnswerAtMs,
    ...percentilesOf(connections.flatMap((connection) => connection.latenciesMs)),
    busy: connections.reduce((sum, { busy }) => sum + busy, 0),
  };
}

function percentilesOf(latenciesMs: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = Float64Array.from(latenciesMs).sort();
  const percentile = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}
