import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WebSocketServer } from 'ws';
import { Authenticator } from '../admin-auth/authenticator.js';
import { toProblem } from '../admin-auth/problem.filter.js';
import { Problem } from '../admin-auth/problem.js';
import { isOwnOrigin } from '../admin-auth/same-origin.js';
import { Settings } from '../config/settings.js';
import { LiveHub } from '../live/live-hub.js';
import { InspectorTicketStore } from '../store/inspector-ticket.store.js';
import { LiveStore } from '../store/live.store.js';
import { Inspection } from './inspection.js';
import { readScope, ScopeCheck, scopeParameters } from './inspection-scope.js';

const inspectorPath = '/inspector';
/** Readers say nothing we would listen to; what they say nevertheless is not to fill the memory. */
const frameBytesMax = 64 * 1024;
/** How long a reader may take to say goodbye when the server stops, in milliseconds. */
const goodbyeMs = 1_000;

/** Lets readers of the inspector's stream in: `/inspector`, a WebSocket, with a ticket in its address. */
@Injectable()
export class InspectorGateway implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('inspector');
  // Without compression: it would hold hundreds of kilobytes for each reader.
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
  });
  readonly #inspections = new Set<Inspection>();
  /** Connections that are being let in or are open. */
  #connections = 0;
  #closing = false;

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly settings: Settings,
    private readonly tickets: InspectorTicketStore,
    private readonly scopes: ScopeCheck,
    private readonly authenticator: Authenticator,
    private readonly hub: LiveHub,
    private readonly store: LiveStore,
  ) {}

  onApplicationBootstrap(): void {
    const server = this.adapter.httpAdapter.getHttpServer() as NodeJS.EventEmitter;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#letIn(request, socket, head);
    });
  }

  /** A server with open connections never stops. */
  async onModuleDestroy(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#inspections].map((inspection) => inspection.end(goodbyeMs)));
  }

  async #letIn(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const ignore = () => undefined;
    socket.on('error', ignore);
    this.#connections++;
    let open = false;
    try {
      const { holder, scope } = await this.#admit(request);
      if (socket.destroyed) return;
      if (this.#closing) throw new Problem('busy', 'The server stops.');
      socket.off('error', ignore);
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        open = true;
        const sources = { hub: this.hub, store: this.store, authenticator: this.authenticator };
        const inspection = new Inspection(webSocket, scope, sources, holder, (error) =>
          this.#logger.error({ err: error }, 'a stream of the inspector broke off'),
        );
        this.#inspections.add(inspection);
        void inspection.ended.then(() => {
          this.#inspections.delete(inspection);
          this.#connections--;
        });
      });
    } catch (error) {
      this.#refuse(socket, toProblem(error), error);
    } finally {
      if (!open) this.#connections--;
    }
  }

  /** @throws Problem if whoever asks may not read, or there is nothing to read. */
  async #admit({ url = '', headers }: IncomingMessage) {
    const address = URL.parse(url, 'http://signalbox');
    // Only an older Node, without the switch that `isForInspector` is for, lets anything else come here.
    if (address?.pathname !== inspectorPath || headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new Problem(
        'invalid_request',
        `A WebSocket is only at ${inspectorPath}; anything else is asked over HTTP.`,
      );
    }
    if (!isOwnOrigin(headers)) throw new Problem('cross_site', 'Only pages of this server may inspect its threads.');
    const { INSPECTOR_CONNECTIONS_MAX: max } = this.settings.values;
    if (this.#connections > max) {
      throw new Problem('busy', `${max} inspectors are connected (INSPECTOR_CONNECTIONS_MAX): close one.`);
    }
    const { searchParams } = address;
    const scope = readScope(searchParams);
    const holder = await this.tickets.use(searchParams.get('ticket') ?? '', scopeParameters(scope));
    if (holder === null || !(await this.authenticator.isStillWelcome(holder))) {
      throw new Problem(
        'unauthorized',
        'The ticket is none, is for something else, was used, or is older than a minute: get one at POST /api/v1/inspector/tickets.',
      );
    }
    await this.scopes.require(scope);
    return { holder, scope };
  }

  #refuse(socket: Duplex, problem: Problem, thrown: unknown): void {
    const traceId = randomUUID();
    if (problem.code === 'internal_error') {
      this.#logger.error({ err: thrown, traceId }, 'an inspector could not be let in');
    }
    const body = JSON.stringify(problem.body(traceId));
    socket.end(
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
        'content-type: application/problem+json; charset=utf-8',
        `content-length: ${Buffer.byteLength(body)}`,
        'cache-control: no-store',
        'x-content-type-options: nosniff',
        ...(problem.code === 'busy' ? ['retry-after: 1'] : []),
        'connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  }
}

/**
 * Whether a request for another protocol is for the inspector. Every other one is answered in HTTP as if it had not asked:
 * some clients offer HTTP/2 with each request.
 */
export function isForInspector({ url = '', headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && /^\/inspector(\?|$)/.test(url);
}
