import type { Clock } from '../clock/clock.js';
import type { Attempt, CursorStore } from '../store/cursor.store.js';
import type { EndedAttempts } from '../store/ended-attempts.js';
import type { Delivery } from './lane-progress.js';
import { keyOf, type Outlet } from './outlet.js';
import type { PostResult } from './webhook.client.js';

/** Attempts kept while the database is away; beyond that the oldest are forgotten, since nothing depends on them. */
const bufferMax = 50_000;
const rowsPerInsert = 5_000;

/** How many POSTs were made, by outcome. */
export interface AttemptCounts {
  acknowledged: number;
  failed: number;
}

/** Every try of a delivery, written in bulk. */
export class AttemptLog {
  readonly counts: AttemptCounts = { acknowledged: 0, failed: 0 };
  #buffer: Attempt[] = [];

  constructor(
    private readonly cursors: CursorStore,
    private readonly clock: Clock,
    private readonly keep: 'all' | 'failures',
    private readonly ended: EndedAttempts,
  ) {}

  add(outlet: Outlet, deliveries: readonly Delivery[], result: PostResult): void {
    if (result.ok) this.counts.acknowledged += deliveries.length;
    else this.counts.failed += deliveries.length;
    const kept = !result.ok || this.keep === 'all';
    if (!kept && this.ended.isUnwatched) return;
    const at = this.clock.now();
    const attempts = deliveries.map((delivery) => ({
      ...keyOf(delivery),
      pageId: delivery.row.pageId,
      psid: delivery.row.psid,
      appId: outlet.appId,
      attempt: delivery.attempts,
      at,
      status: result.status ?? null,
      durationMs: Math.round(result.durationMs),
      error: result.ok ? null : result.error,
    }));
    this.ended.publish(attempts);
    if (!kept) return;
    this.#buffer.push(...attempts);
    if (this.#buffer.length > bufferMax) this.#buffer.splice(0, this.#buffer.length - bufferMax);
  }

  async save(): Promise<void> {
    while (this.#buffer.length > 0) {
      const attempts = this.#buffer.slice(0, rowsPerInsert);
      await this.cursors.recordAttempts(attempts);
      const saved = new Set(attempts);
      this.#buffer = this.#buffer.filter((attempt) => !saved.has(attempt));
    }
  }
}
