import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { ThreadRouter } from '../routing/thread-router.js';
import { CommittedRows } from '../store/committed-rows.js';
import { CursorStore } from '../store/cursor.store.js';

/** Figures for Prometheus. Events are counted in a plain map, since that is done for every one of them. */
@Injectable()
export class Metrics implements OnModuleDestroy {
  readonly #registry = new Registry();
  readonly #events = new Map<string, { applied: number; refused: number }>();
  readonly #unsubscribe: () => void;

  constructor(committedRows: CommittedRows, router: ThreadRouter, cursors: CursorStore) {
    collectDefaultMetrics({ register: this.#registry });
    this.#unsubscribe = committedRows.subscribe((_lane, rows) => {
      for (const { type, refusal } of rows) this.#countOf(type)[refusal === null ? 'applied' : 'refused'] += 1;
    });
    const events = this.#events;
    new Counter({
      name: 'signalbox_events_total',
      help: 'Events of threads committed by this instance.',
      labelNames: ['type', 'outcome'],
      registers: [this.#registry],
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
      registers: [this.#registry],
      collect() {
        this.set(router.waiting);
      },
    });
    new Gauge({
      name: 'signalbox_delivery_backlog',
      help: 'What apps are owed, over all instances: threads that wait for a retry, rows held back, untold dead letters.',
      labelNames: ['app_id', 'kind'],
      registers: [this.#registry],
      async collect() {
        this.reset();
        for (const { appId, stalledThreads, owed, untoldDeadLetters } of await cursors.backlogs()) {
          this.set({ app_id: appId, kind: 'stalled_threads' }, stalledThreads);
          this.set({ app_id: appId, kind: 'owed' }, owed);
          this.set({ app_id: appId, kind: 'dead_letters' }, untoldDeadLetters);
        }
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  read(): Promise<string> {
    return this.#registry.metrics();
  }

  onModuleDestroy(): void {
    this.#unsubscribe();
    this.#registry.clear();
  }

  #countOf(type: string): { applied: number; refused: number } {
    let count = this.#events.get(type);
    if (count === undefined) this.#events.set(type, (count = { applied: 0, refused: 0 }));
    return count;
  }
}
