import { once } from 'node:events';
import { createServer, request as call, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * A load balancer that favours nobody: each request goes to the next instance, whatever the one before was about, and a
 * stream stays where it began.
 */
export class Front {
  readonly #server = createServer((request, response) => this.#pass(request, response));
  #requests = 0;

  private constructor(private readonly instances: readonly URL[]) {
    // A client that is slow for once must not find the connection closed that it is about to use.
    this.#server.keepAliveTimeout = 0;
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  static async before(urls: readonly string[]): Promise<Front> {
    const front = new Front(urls.map((url) => new URL(url)));
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #next(): { host: string; port: number } {
    const instance = this.instances[this.#requests++ % this.instances.length];
    if (instance === undefined) throw new Error('a front needs an instance behind it');
    return { host: instance.hostname, port: Number(instance.port) };
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, rawHeaders: headers } = request;
    // A connection of its own: one that is kept may end in the instant in which it is used again.
    const passed = call({ ...this.#next(), agent: false, method, path, headers, setHost: false });
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
      response.flushHeaders();
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  }

  #upgrade({ method, url, rawHeaders }: IncomingMessage, client: Duplex, head: Buffer): void {
    const lines = [`${method ?? ''} ${url ?? ''} HTTP/1.1`];
    for (let at = 0; at < rawHeaders.length; at += 2)
      lines.push(`${rawHeaders[at] ?? ''}: ${rawHeaders[at + 1] ?? ''}`);
    const instance: Socket = connect(this.#next());
    instance.write(`${lines.join('\r\n')}\r\n\r\n`);
    instance.write(head);
    client.pipe(instance).pipe(client);
    for (const [end, other] of [
      [client, instance],
      [instance, client],
    ] as const) {
      end.on('error', () => other.destroy());
      end.on('close', () => other.destroy());
    }
  }
}
