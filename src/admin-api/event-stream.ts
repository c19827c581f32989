import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../admin-auth/authenticator.js';
import { operatorOf } from '../admin-auth/operator.js';

/** Proxies cut connections on which nothing is said for long. */
const heartbeatMs = 15_000;
/** How soon a stream ends after whoever reads it may no longer, in milliseconds. */
const accessCheckMs = 3_000;
/** What is kept at most for a reader that is too slow, in bytes; more than that and it must come back later. */
const bufferMax = 1024 * 1024;

/** Server-sent events to one reader, for as long as it reads, may read, and this server runs. */
export class EventStream {
  /** Aborted when the stream has ended, whoever ended it. */
  readonly signal: AbortSignal;
  readonly #raw: FastifyReply['raw'];
  readonly #ended = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  #spokenAt = performance.now();

  /** Takes the answer over from Fastify and begins it. */
  constructor(request: FastifyRequest, reply: FastifyReply, authenticator: Authenticator, closing: AbortSignal) {
    reply.hijack();
    this.#raw = reply.raw;
    this.signal = AbortSignal.any([this.#ended.signal, closing]);
    this.#raw.on('close', () => this.#ended.abort());
    this.#raw.on('error', () => this.#ended.abort());
    this.signal.addEventListener('abort', () => this.#end(), { once: true });
    this.#raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Kept alive after its end, the connection would hold up a server that stops.
      connection: 'close',
      'x-accel-buffering': 'no',
    });
    this.#raw.flushHeaders();
    const operator = operatorOf(request);
    this.#timers = [
      setInterval(() => this.#heartbeat(), heartbeatMs / 3).unref(),
      setInterval(() => {
        authenticator.isStillWelcome(operator).then(
          (welcome) => welcome || this.end(),
          // The database is away: nothing new is read from it either.
          () => undefined,
        );
      }, accessCheckMs).unref(),
    ];
    if (closing.aborted) this.#end();
  }

  /** Says something. A reader that has let too much pile up loses the connection, and goes on from its last id. */
  send(event: string, id: string, data: string): void {
    if (this.signal.aborted) return;
    this.#spokenAt = performance.now();
    this.#raw.write(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
    if (this.#raw.writableLength > bufferMax) {
      this.#raw.destroy();
      this.#ended.abort();
    }
  }

  /** Resolves when the reader has taken most of what was said. Rejects when the stream ends. */
  async drained(): Promise<void> {
    if (this.#raw.writableNeedDrain) await once(this.#raw, 'drain', { signal: this.signal });
  }

  end(): void {
    this.#ended.abort();
  }

  #heartbeat(): void {
    if (performance.now() - this.#spokenAt < heartbeatMs) return;
    this.#spokenAt = performance.now();
    this.#raw.write(': still here\n\n');
  }

  #end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#raw.end();
  }
}
