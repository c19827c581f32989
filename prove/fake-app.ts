import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { parseDeliveryId } from '../src/domain/delivery-id.js';
import { verifyToken, type AppRole } from './cast.js';
import { DeliveryLedger } from './delivery-ledger.js';
import type { FaultsFound } from './faults-found.js';
import { hashOf } from './random.js';

/** What an app does with a POST. Those marked as taken have processed it, whatever the sender learns. */
export type Behaviour =
  | 'ok'
  | 'slow'
  | 'huge'
  | 'taken_then_dropped'
  | 'taken_then_500'
  | 'taken_then_silent'
  | 'fails_500'
  | 'busy_503'
  | 'wait_429'
  | 'redirect'
  | 'garbage'
  | 'reset';

const taking: ReadonlySet<Behaviour> = new Set([
  'ok',
  'slow',
  'huge',
  'taken_then_dropped',
  'taken_then_500',
  'taken_then_silent',
]);
/** Whether the sender learns that it was taken. */
const acknowledging: ReadonlySet<Behaviour> = new Set(['ok', 'slow', 'huge']);

/** How an app's endpoint is for a while. */
export interface Mood {
  readonly name: string;
  /** The share of POSTs that do not go well, and what happens to those. */
  readonly share: number;
  readonly behaviours: readonly Behaviour[];
}

export const well: Mood = { name: 'well', share: 0, behaviours: [] };
export const moods: readonly Mood[] = [
  { name: 'a little off', share: 0.03, behaviours: ['taken_then_dropped', 'fails_500', 'slow', 'huge', 'busy_503'] },
  { name: 'forgetful', share: 0.1, behaviours: ['taken_then_dropped', 'taken_then_500', 'taken_then_silent'] },
  { name: 'flapping', share: 0.5, behaviours: ['fails_500', 'busy_503', 'reset', 'garbage'] },
  { name: 'strange', share: 0.2, behaviours: ['redirect', 'garbage', 'huge', 'slow', 'reset'] },
  { name: 'overloaded', share: 0.7, behaviours: ['busy_503', 'wait_429'] },
  { name: 'dead', share: 1, behaviours: ['reset', 'fails_500'] },
];

const slowMs = 300;
/** Longer than the sender waits. */
const silentMs = 3_000;
const huge = Buffer.alloc(200_000, 'x');

/** An app's endpoint: it verifies, keeps its own record, and behaves as it is told. */
export class FakeApp {
  readonly ledger: DeliveryLedger;
  mood: Mood = well;
  readonly secret: string;
  readonly behaviours = new Map<Behaviour, number>();
  /** When something new was last taken, by the monotonic clock. */
  lastNewAtMs = 0;
  /** When anything at all last came in. */
  posts = 0;
  /** Something other than a webhook came: a redirect was followed. */
  strayRequests = 0;
  #server: Server;

  constructor(
    readonly role: AppRole,
    private readonly seed: number,
    private readonly faults: FaultsFound,
    /** Businesses this app is connected to. */
    private readonly businesses: ReadonlySet<string>,
    /** Called with each event that is new, as it was written. */
    private readonly onNew: (app: FakeApp, item: Readonly<Record<string, unknown>>) => void = () => undefined,
  ) {
    this.secret = `prove-secret-of-${role.id}`;
    this.ledger = new DeliveryLedger(role.name, faults);
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.keepAliveTimeout = 60_000;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/webhook`; // of a TCP server
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    if (request.method === 'GET' && url.searchParams.get('hub.verify_token') === verifyToken) {
      response.end(url.searchParams.get('hub.challenge'));
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      if (request.method !== 'POST' || url.pathname !== '/webhook') {
        this.strayRequests += 1;
        this.faults.add('I2', `${this.role.name} got ${request.method} ${url.pathname}`);
        response.end();
        return;
      }
      this.#receive(request, Buffer.concat(chunks), response);
    });
  }

  #receive(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    this.posts += 1;
    const { headers } = request;
    const signature = `sha256=${createHmac('sha256', this.secret).update(body).digest('hex')}`;
    if (headers['x-hub-signature-256'] !== signature) {
      this.faults.add('I4', `${this.role.name} got a body with a wrong signature`);
    }
    const id = String(headers['x-signalbox-delivery']);
    const behaviour = this.#behaviour(id, String(headers['x-signalbox-attempt']));
    this.behaviours.set(behaviour, (this.behaviours.get(behaviour) ?? 0) + 1);
    if (taking.has(behaviour)) this.#take(id, body.toString('latin1'), acknowledging.has(behaviour));
    this.#answer(behaviour, response);
  }

  #take(ids: string, text: string, answered: boolean): void {
    const { entry } = JSON.parse(text) as {
      entry: { id: string; time: number; messaging?: object[]; standby?: object[] }[];
    };
    ids.split(',').forEach((deliveryId, index) => {
      const each = entry[index];
      const key = parseDeliveryId(deliveryId);
      if (each === undefined || key === null) {
        this.faults.add('I2', `${this.role.name} got a delivery without its event: ${deliveryId}`);
        return;
      }
      const item = (each.messaging ?? each.standby)?.[0] as Readonly<Record<string, unknown>>;
      const { sender, recipient } = item as { sender: { id: string }; recipient: { id: string } };
      if (!this.businesses.has(each.id)) {
        this.faults.add('I8', `${this.role.name} got an event of ${each.id}, to which it is not connected`);
      }
      const psid = sender.id === each.id ? recipient.id : sender.id;
      const isNew = this.ledger.take(`${each.id} ${psid}`, key, hashOf(JSON.stringify(each)), answered);
      if (isNew) {
        this.lastNewAtMs = performance.now();
        this.onNew(this, item);
      }
    });
  }

  /** Fixed by the seed for each attempt at each delivery. */
  #behaviour(id: string, attempt: string): Behaviour {
    const { share, behaviours } = this.mood;
    // The part of the id that names the store is another one in every run.
    const dice = hashOf(`${this.seed} ${this.role.name} ${id.replace(/^\w+-/, '')} ${attempt}`);
    if (behaviours.length === 0 || (dice % 10_000) / 10_000 >= share) return 'ok';
    return behaviours[(dice >>> 16) % behaviours.length] ?? 'ok';
  }

  #answer(behaviour: Behaviour, response: ServerResponse): void {
    switch (behaviour) {
      case 'ok':
        response.end();
        return;
      case 'slow':
        setTimeout(() => response.end(), slowMs).unref();
        return;
      case 'huge':
        response.writeHead(200).end(huge);
        return;
      case 'taken_then_dropped':
        response.socket?.destroy();
        return;
      case 'taken_then_500':
      case 'fails_500':
        response.writeHead(500).end('oops');
        return;
      case 'taken_then_silent':
        setTimeout(() => response.socket?.destroy(), silentMs).unref();
        return;
      case 'busy_503':
        response.writeHead(503).end();
        return;
      case 'wait_429':
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      case 'redirect':
        response.writeHead(307, { location: this.url.replace('/webhook', '/elsewhere') }).end();
        return;
      case 'garbage':
        response.socket?.end('HTTP/0.9 whatever\r\n\0\0\0');
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
    }
  }
}
