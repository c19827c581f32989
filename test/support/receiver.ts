import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an app answers: a status, a redirect, nothing at all, or a connection cut once the request was read. */
export type Answer = number | 'redirect' | 'hang' | 'drop';

/** One webhook as it came off the wire. */
export interface ReceivedPost {
  /** The exact bytes; webhooks are ASCII. */
  readonly body: string;
  readonly json: any;
  readonly headers: IncomingHttpHeaders;
  readonly deliveryId: string;
  readonly attempt: number;
  /** The persons its events are about, one per event. */
  readonly people: readonly string[];
  readonly answer: Answer;
}

/** A failure guard only: nothing waits this long when things work. */
const deadlineMs = 30_000;

/** An app's webhook endpoint on loopback: it verifies what comes in, records it, and answers as it is told to. */
export class Receiver {
  readonly posts: ReceivedPost[] = [];
  /** Everything that no real app would have accepted: tests expect none. */
  readonly faults: string[] = [];
  /** How often the handshake was asked for. */
  handshakes = 0;
  /** What the next POSTs are answered with; 200 by default. */
  answer: (post: Omit<ReceivedPost, 'answer'>) => Answer = () => 200;

  /** A second secret that it takes webhooks signed with, while the first is being replaced. */
  alsoAccepts: string | null = null;

  readonly #waiting = new Set<() => void>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => this.faults.push(String(error)));
  });

  private constructor(
    /** It may be learnt later than the address. */
    public appSecret: string,
    readonly verifyToken: string,
  ) {}

  static async start(appSecret: string, verifyToken: string): Promise<Receiver> {
    const receiver = new Receiver(appSecret, verifyToken);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/webhook`;
  }

  /** What came in about one person, in the order of arrival. */
  about(psid: string): ReceivedPost[] {
    return this.posts.filter(({ people }) => people.includes(psid));
  }

  /** Resolves as soon as `find` finds something in what has arrived; looks again at every arrival. */
  waitFor<Found>(
    what: string,
    find: (posts: readonly ReceivedPost[]) => Found | null | undefined | false,
  ): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find(this.posts);
        if (found === null || found === undefined || found === false) return false;
        clearTimeout(guard);
        this.#waiting.delete(look);
        resolve(found);
        return true;
      };
      const guard = setTimeout(() => {
        this.#waiting.delete(look);
        const seen = this.posts.slice(-10).map(({ body }) => body);
        reject(new Error(`${what} did not arrive. The last of ${this.posts.length} POSTs:\n${seen.join('\n')}`));
      }, deadlineMs);
      if (!look()) this.#waiting.add(look);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return this.#shakeHands(request, response);
    const bytes = await readAll(request);
    if (bytes === null) return;
    const fault = this.#faultOf(request, bytes);
    if (fault !== null) {
      this.faults.push(`${fault}: ${bytes.toString('latin1')}`);
      response.writeHead(403).end();
      return;
    }
    const post = this.#read(request.headers, bytes);
    const answer = this.answer(post);
    this.posts.push({ ...post, answer });
    this.#give(answer, response);
    for (const look of [...this.#waiting]) look();
  }

  #shakeHands(request: IncomingMessage, response: ServerResponse): void {
    this.handshakes += 1;
    const query = new URL(request.url ?? '', this.url).searchParams;
    const ours = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === this.verifyToken;
    response.writeHead(ours ? 200 : 403, { 'content-type': 'text/plain' }).end(ours ? query.get('hub.challenge') : '');
  }

  /** Held against what the platform promises, as strict receivers do. */
  #faultOf(request: IncomingMessage, bytes: Buffer): string | null {
    const { headers } = request;
    const secrets = this.alsoAccepts === null ? [this.appSecret] : [this.appSecret, this.alsoAccepts];
    const isSigned = (name: string, hash: string) =>
      secrets.some((secret) => headers[name] === `${hash}=${createHmac(hash, secret).update(bytes).digest('hex')}`);
    if (request.method !== 'POST') return `a ${String(request.method)} request`;
    if (headers['content-type'] !== 'application/json') return `content type ${String(headers['content-type'])}`;
    if (!isSigned('x-hub-signature-256', 'sha256')) return 'a wrong SHA-256 signature';
    if (!isSigned('x-hub-signature', 'sha1')) return 'a wrong SHA-1 signature';
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) return 'a body that is not printable ASCII';
    return null;
  }

  #read(headers: IncomingHttpHeaders, bytes: Buffer): Omit<ReceivedPost, 'answer'> {
    const body = bytes.toString('latin1');
    const json = JSON.parse(body);
    const people = json.entry.flatMap((entry: any) =>
      (entry.messaging ?? entry.standby).map((item: any) =>
        item.sender.id === entry.id ? item.recipient.id : item.sender.id,
      ),
    );
    return {
      body,
      json,
      headers,
      deliveryId: String(headers['x-signalbox-delivery']),
      attempt: Number(headers['x-signalbox-attempt']),
      people,
    };
  }

  #give(answer: Answer, response: ServerResponse): void {
    switch (answer) {
      case 'hang':
        return;
      case 'drop':
        response.socket?.destroy();
        return;
      case 'redirect':
        response.writeHead(302, { location: this.url }).end();
        return;
      default:
        response.writeHead(answer).end();
    }
  }
}

/** Null: the sender died while it was sending. */
async function readAll(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}
