import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a proxy does to the bytes that go through it. */
export type Weather =
  | { readonly kind: 'clear' }
  /** Every chunk comes this much later. */
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** Chunks come in slices of this many bytes, each a packet of its own. */
  | { readonly kind: 'slices'; readonly bytes: number }
  /** Bytes vanish, connections stay: the other side neither answers nor says that it is gone. */
  | { readonly kind: 'black_hole' };

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of it have vanished, so it can never be right again. */
  spoiled: boolean;
  /** The bytes that were waited for have gone up: whatever comes back is not passed on. */
  cutAtAnswer: boolean;
}

/**
 * A TCP proxy in front of the database of one instance, which does to the connection what networks do. `pg_ctl` and
 * signals show what happens when an end dies; this shows what happens when neither does.
 */
export class FaultProxy {
  readonly #links = new Set<Link>();
  #weather: Weather = { kind: 'clear' };
  #pattern: Buffer | null = null;
  /** Connections cut after a pattern went up and before its answer came down. */
  cuts = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: NetConnectOpts,
  ) {}

  static async listen(target: NetConnectOpts): Promise<FaultProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new FaultProxy(server, target);
    server.on('connection', (socket) => proxy.#accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port; // of a TCP server
  }

  /** Changes the weather. What a black hole has swallowed is gone, so its connections end with it. */
  set(weather: Weather): void {
    this.#weather = weather;
    if (weather.kind === 'black_hole') return;
    for (const link of this.#links) if (link.spoiled) end(link);
  }

  /** Ends every connection with a reset. */
  resetAll(): void {
    for (const link of this.#links) end(link);
  }

  /** The far ends go away and the near ones are not told: half-open connections. */
  halfOpenAll(): void {
    for (const link of this.#links) {
      link.spoiled = true;
      link.server.destroy();
    }
  }

  /** The next time these bytes go up, they arrive, and the connection ends before the answer comes down. */
  cutAfter(pattern: Buffer): void {
    this.#pattern = pattern;
  }

  async close(): Promise<void> {
    this.resetAll();
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect(this.target);
    const link: Link = { client, server, spoiled: false, cutAtAnswer: false };
    this.#links.add(link);
    for (const socket of [client, server]) socket.on('error', () => undefined);
    server.on('close', () => {
      if (!link.spoiled) client.destroy();
      this.#links.delete(link);
    });
    client.on('close', () => {
      server.destroy();
      this.#links.delete(link);
    });
    pump(client, server, (chunk) => this.#up(link, chunk));
    pump(server, client, (chunk) => this.#down(link, chunk));
  }

  async *#up(link: Link, chunk: Buffer): AsyncGenerator<Buffer> {
    if (this.#pattern !== null && chunk.includes(this.#pattern)) {
      this.#pattern = null;
      link.cutAtAnswer = true;
    }
    yield* this.#weathered(link, chunk);
  }

  async *#down(link: Link, chunk: Buffer): AsyncGenerator<Buffer> {
    if (link.cutAtAnswer) {
      this.cuts += 1;
      end(link);
      return;
    }
    yield* this.#weathered(link, chunk);
  }

  async *#weathered(link: Link, chunk: Buffer): AsyncGenerator<Buffer> {
    const weather = this.#weather;
    switch (weather.kind) {
      case 'clear':
        yield chunk;
        return;
      case 'latency':
        await delay(weather.ms);
        yield chunk;
        return;
      case 'bandwidth':
        await delay((chunk.length / weather.bytesPerSecond) * 1_000);
        yield chunk;
        return;
      case 'slices':
        for (let at = 0; at < chunk.length; at += weather.bytes) {
          yield chunk.subarray(at, at + weather.bytes);
          // Small ones travel alone only if the next is not yet there.
          if (at < weather.bytes * 50) await new Promise(setImmediate);
        }
        return;
      case 'black_hole':
        link.spoiled = true;
    }
  }
}

/** Passes on what comes, in order, no faster than it is taken. */
function pump(from: Socket, to: Socket, shape: (chunk: Buffer) => AsyncGenerator<Buffer>): void {
  const pass = async (chunk: Buffer) => {
    for await (const part of shape(chunk)) {
      if (!to.destroyed) await new Promise<unknown>((resolve) => to.write(part, resolve));
    }
  };
  let passing: Promise<void> | null = null;
  from.on('data', (chunk: Buffer) => {
    from.pause();
    passing = pass(chunk).finally(() => from.resume());
  });
  from.on('end', () => {
    void (passing ?? Promise.resolve()).then(() => to.end());
  });
}

function end({ client, server }: Link): void {
  client.resetAndDestroy();
  server.destroy();
}
