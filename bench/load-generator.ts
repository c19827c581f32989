/**
 * The platform: posts signed webhooks over many connections, in a process of its own. Requests are made and signed
 * before a run, so that during it the generator takes as little of the machine as possible.
 */
import { LoadConnection } from './load-connection.js';
import { monotonicMs } from './monotonic.js';
import { connectionCount } from './scenario.js';
import { WebhookBodies } from './webhook-bodies.js';
import { answerRequests } from './worker.js';

export type LoadRequest =
  | { readonly type: 'connect'; readonly port: number }
  | { readonly type: 'prepare'; readonly events: number; readonly eventsPerPost: number }
  | { readonly type: 'run' };

export interface LoadReport {
  /** Events prepared: what was asked for, in whole posts, the same number on each connection. */
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
      connections = await Promise.all(Array.from({ length: connectionCount }, () => LoadConnection.open(request.port)));
      return idle;
    case 'prepare':
      return { ...idle, events: prepare(request.events, request.eventsPerPost) };
    case 'run':
      return run();
  }
});

function prepare(wanted: number, eventsPerPost: number): number {
  const posts = Math.ceil(wanted / eventsPerPost / connectionCount);
  prepared = connections.map((_, connection) =>
    Array.from({ length: posts }, () => bodies.request(connection, eventsPerPost)),
  );
  events = posts * connectionCount * eventsPerPost;
  return events;
}

async function run(): Promise<LoadReport> {
  for (const connection of connections) {
    connection.latenciesMs.length = 0;
    connection.busy = 0;
  }
  const firstPostAtMs = monotonicMs();
  await Promise.all(connections.map((connection, index) => connection.send(prepared[index] ?? [])));
  const lastAnswerAtMs = monotonicMs();
  prepared = [];
  const latenciesMs = Float64Array.from(connections.flatMap((connection) => connection.latenciesMs)).sort();
  const percentile = (share: number) => latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0;
  return {
    events,
    firstPostAtMs,
    lastAnswerAtMs,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    busy: connections.reduce((sum, { busy }) => sum + busy, 0),
  };
}
