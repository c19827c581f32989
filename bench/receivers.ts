/**
 * The apps: one bare HTTP server each, in a process of their own. They answer 200 at once, and count what they get,
 * whether it comes once, and in the order in which each person wrote.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { apps } from './cast.js';
import { monotonicMs } from './monotonic.js';
import { readStamps } from './stamp.js';
import { Tally } from './tally.js';
import { answerRequests } from './worker.js';

export type ReceiversRequest =
  | { readonly type: 'listen' }
  /** Waits until every app has got this many different events, or nothing more comes. */
  | { readonly type: 'drain'; readonly events: number };

export interface ReceiversReport {
  /** Callbacks, in the order of the apps. */
  readonly urls: readonly string[];
  /** When the last event that was new came in. */
  readonly lastDeliveryAtMs: number;
  readonly apps: readonly {
    readonly events: number;
    readonly duplicates: number;
    readonly reordered: number;
    readonly standby: number;
    readonly posts: number;
  }[];
}

/** Longer than the first retries of a delivery take: what has not come by then is lost, or as good as that. */
const patienceMs = 20_000;
const pollMs = 20;
const standbyOpening = Buffer.from('"standby":[');

const tallies = apps.map(() => new Tally());
const urls: string[] = [];
let lastDeliveryAtMs = 0;

answerRequests(async (request: ReceiversRequest): Promise<ReceiversReport> => {
  if (request.type === 'listen') for (const tally of tallies) urls.push(await listen(tally));
  else await drain(request.events);
  return {
    urls,
    lastDeliveryAtMs,
    apps: tallies.map(({ events, duplicates, reordered, standby, posts }) => ({
      events,
      duplicates,
      reordered,
      standby,
      posts,
    })),
  };
});

function listen(tally: Tally): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === 'GET') answerChallenge(request, response);
    else receive(tally, request, response);
  });
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // of a TCP server
      resolve(`http://127.0.0.1:${port}/webhook`);
    });
  });
}

function answerChallenge(request: IncomingMessage, response: ServerResponse): void {
  response.end(new URL(request.url ?? '/', 'http://localhost').searchParams.get('hub.challenge'));
}

function receive(tally: Tally, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end();
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    const before = tally.events;
    readStamps(body, tally.see);
    tally.posts += 1;
    for (let at = body.indexOf(standbyOpening); at !== -1; at = body.indexOf(standbyOpening, at + 1)) {
      tally.standby += 1;
    }
    if (tally.events !== before) lastDeliveryAtMs = monotonicMs();
  });
}

async function drain(events: number): Promise<void> {
  const began = monotonicMs();
  while (tallies.some((tally) => tally.events < events)) {
    if (monotonicMs() - Math.max(began, lastDeliveryAtMs) > patienceMs) return;
    await delay(pollMs);
  }
}
