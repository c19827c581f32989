import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Clock } from '../clock/clock.js';
import { ThreadRouter } from '../routing/thread-router.js';
import { CommittedRows } from '../store/committed-rows.js';
import { CursorStore } from '../store/cursor.store.js';
import { OperatingStore } from '../store/operating.store.js';
import {
  accessRefused,
  addressBlocked,
  batchCommitted,
  quarantined,
  requestAnswered,
  webhookPosted,
} from '../telemetry/signals.js';
import { Vitals } from '../telemetry/vitals.js';
import { Readiness } from './readiness.js';

/** Seconds: from a commit on a fast disk to a callback that times out. */
const secondsBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const eventsBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/**
 * Figures for Prometheus. No label can hold a person, a text or a token; the only ids among them are those of apps, which
 * an operator has given. Events are counted in a plain map, since that is done for every one of them.
 */
@Injectable()
export class Metrics implements OnModuleDestroy {
  readonly #registry = new Registry();
  readonly #events = new Map<string, { applied: number; refused: number }>();
  readonly #unsubscribe: (() => void)[];

  constructor(
    committedRows: CommittedRows,
    router: ThreadRouter,
    cursors: CursorStore,
    operating: OperatingStore,
    vitals: Vitals,
    readiness: Readiness,
    clock: Clock,
  ) {
    collectDefaultMetrics({ register: this.#registry });
    this.#unsubscribe = [
      committedRows.subscribe((_lane, rows) => {
        for (const { type, refusal } of rows) this.#countOf(type)[refusal === null ? 'applied' : 'refused'] += 1;
      }),
      ...this.#countSignals(),
    ];
    const registers = [this.#registry];
    const events = this.#events;
    new Counter({
      name: 'signalbox_events_total',
      help: 'Events of threads committed by this instance.',
      labelNames: ['type', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const [type, { applied, refused }] of events) {
          if (applied > 0) this.inc({ type, outcome: 'applied' }, applied);
          if (refused > 0) this.inc({ type, outcome: 'refused' }, refused);
        }
      },
    });
    new Gauge({
      name: 'signalbox_router_waiting',
      help: 'Submissions that wait for their commit in this instance.',
      registers,
      collect() {
        this.set(router.waiting);
      },
    });
    new Gauge({
      name: 'signalbox_lanes_held',
      help: 'Lanes that this instance dispatches.',
      registers,
      collect() {
        this.set(vitals.lanesHeld());
      },
    });
    new Gauge({
      name: 'signalbox_delivery_queued',
      help: 'Deliveries in the memory of this instance.',
      labelNames: ['app_id'],
      registers,
      collect() {
        this.reset();
        for (const { appId, queued } of vitals.apps()) this.set({ app_id: appId }, queued);
      },
    });
    new Gauge({
      name: 'signalbox_breaker_open',
      help: 'Whether this instance sends the app nothing but probes.',
      labelNames: ['app_id'],
      registers,
      collect() {
        this.reset();
        for (const { appId, failing } of vitals.apps()) this.set({ app_id: appId }, failing ? 1 : 0);
      },
    });
    new Gauge({
      name: 'signalbox_pool_connections',
      help: 'Connections to the database, and who waits for one.',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        for (const { name: pool, total, idle, waiting } of vitals.pools()) {
          this.set({ pool, state: 'busy' }, total - idle);
          this.set({ pool, state: 'idle' }, idle);
          this.set({ pool, state: 'waiting' }, waiting);
        }
      },
    });
    new Gauge({
      name: 'signalbox_ready',
      help: 'The checks of /health/ready: 1 is well.',
      labelNames: ['check'],
      registers,
      async collect() {
        for (const [check, { status }] of Object.entries((await readiness.look()).checks)) {
          this.set({ check }, status === 'ok' ? 1 : 0);
        }
      },
    });
    this.#askDatabase(cursors, operating, clock);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  read(): Promise<string> {
    return this.#registry.metrics();
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#registry.clear();
  }

  /** What only the database knows. While it is away these figures are missing, and the others still tell. */
  #askDatabase(cursors: CursorStore, operating: OperatingStore, clock: Clock): void {
    const registers = [this.#registry];
    const whileThere = async (look: () => Promise<void>) => look().catch(() => undefined);
    new Gauge({
      name: 'signalbox_delivery_backlog',
      help: 'What apps are owed, over all instances: threads that wait for a retry, rows held back, untold dead letters.',
      labelNames: ['app_id', 'kind'],
      registers,
      async collect() {
        this.reset();
        await whileThere(async () => {
          for (const { appId, stalledThreads, owed, untoldDeadLetters } of await cursors.backlogs()) {
            this.set({ app_id: appId, kind: 'stalled_threads' }, stalledThreads);
            this.set({ app_id: appId, kind: 'owed' }, owed);
            this.set({ app_id: appId, kind: 'dead_letters' }, untoldDeadLetters);
          }
        });
      },
    });
    new Gauge({
      name: 'signalbox_delivery_lag_seconds',
      help: 'How long the app has not taken what it was owed first.',
      labelNames: ['app_id'],
      registers,
      async collect() {
        this.reset();
        await whileThere(async () => {
          for (const { appId, failingSince } of await cursors.backlogs()) {
            const lagMs = failingSince === null ? 0 : clock.now() - failingSince;
            this.set({ app_id: appId }, Math.max(lagMs, 0) / 1000);
          }
        });
      },
    });
    const lanesUnheld = new Gauge({
      name: 'signalbox_lanes_unheld',
      help: 'Lanes that no instance dispatches.',
      registers,
    });
    new Gauge({
      name: 'signalbox_undispatched_rows',
      help: 'Rows of the log that are not dispatched, over all instances.',
      registers,
      async collect() {
        this.remove();
        lanesUnheld.remove();
        await whileThere(async () => {
          const { unheldLanes, undispatchedRows } = await operating.dispatchState();
          this.set(undispatchedRows);
          lanesUnheld.set(unheldLanes);
        });
      },
    });
    new Gauge({
      name: 'signalbox_deadline_late_seconds',
      help: 'How long ago the latest deadline was due that no instance has fired.',
      registers,
      async collect() {
        this.remove();
        await whileThere(async () => this.set((await operating.deadlineLatenessMs(clock.now())) / 1000));
      },
    });
  }

  #countSignals(): (() => void)[] {
    const registers = [this.#registry];
    const requests = new Counter({
      name: 'signalbox_http_requests_total',
      help: 'Requests answered, by interface.',
      labelNames: ['interface', 'method', 'status'],
      registers,
    });
    const requestSeconds = new Histogram({
      name: 'signalbox_http_request_seconds',
      help: 'How long requests took, by interface.',
      labelNames: ['interface'],
      buckets: secondsBuckets,
      registers,
    });
    const refused = new Counter({
      name: 'signalbox_access_refused_total',
      help: 'Requests without a valid token, and webhooks without a valid signature.',
      labelNames: ['interface'],
      registers,
    });
    const commitSeconds = new Histogram({
      name: 'signalbox_commit_seconds',
      help: 'How long the statement of a commit took.',
      buckets: secondsBuckets,
      registers,
    });
    const commitEvents = new Histogram({
      name: 'signalbox_commit_events',
      help: 'Submissions in one commit.',
      buckets: eventsBuckets,
      registers,
    });
    const kept = new Counter({
      name: 'signalbox_quarantined_total',
      help: 'Events that could not be routed and are kept in quarantine.',
      labelNames: ['reason'],
      registers,
    });
    const deliveries = new Counter({
      name: 'signalbox_deliveries_total',
      help: 'Tries of deliveries: acknowledged, refused (3xx, 4xx), failed (5xx), or unreachable.',
      labelNames: ['app_id', 'outcome'],
      registers,
    });
    const deliverySeconds = new Histogram({
      name: 'signalbox_delivery_seconds',
      help: 'How long apps took to answer.',
      labelNames: ['app_id'],
      buckets: secondsBuckets,
      registers,
    });
    const blocked = new Counter({
      name: 'signalbox_addresses_blocked_total',
      help: 'Connections to callbacks that were refused because their address is not public or allowed.',
      registers,
    });
    return [
      requestAnswered.listen(({ interface: name, method, status, durationMs }) => {
        requests.inc({ interface: name, method, status });
        requestSeconds.observe({ interface: name }, durationMs / 1000);
      }),
      accessRefused.listen(({ interface: name }) => refused.inc({ interface: name })),
      batchCommitted.listen((batch) => {
        commitSeconds.observe(batch.durationMs / 1000);
        commitEvents.observe(batch.events);
      }),
      quarantined.listen(({ reason, count }) => kept.inc({ reason }, count)),
      webhookPosted.listen(({ appId, outcome, deliveries: count, durationMs }) => {
        deliveries.inc({ app_id: appId, outcome }, count);
        deliverySeconds.observe({ app_id: appId }, durationMs / 1000);
      }),
      addressBlocked.listen(() => blocked.inc()),
    ];
  }

  #countOf(type: string): { applied: number; refused: number } {
    let count = this.#events.get(type);
    if (count === undefined) this.#events.set(type, (count = { applied: 0, refused: 0 }));
    return count;
  }
}
