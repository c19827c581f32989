import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import { deliveryId, type DeliveryKey } from '../domain/delivery-id.js';
import type { AppId, PageId } from '../domain/ids.js';
import { envelope, renderBody, renderEntry } from '../domain/render.js';
import { callbackUrlOf, type App, type Configuration } from '../store/configuration.js';
import { webhookPosted } from '../telemetry/signals.js';
import {
  afterBreakerEvent,
  attemptsAllowed,
  breakerAlarm,
  breakerOpenSince,
  type BreakerEvent,
  type BreakerState,
  closedBreaker,
} from './breaker.js';
import type { Delivery, Lag, StalledPair } from './lane-progress.js';
import type { DeliveryGap } from '../callback/webhook-headers.js';
import type { PostResult, WebhookClient } from './webhook.client.js';

export type PostFailure = PostResult & { readonly ok: false };

/** What an outlet tells the dispatcher. */
export interface OutletEvents {
  /** Every POST, whatever came of it. */
  attempted(outlet: Outlet, deliveries: readonly Delivery[], result: PostResult): void;
  acknowledged(delivery: Delivery): void;
  /** It was sent alone and failed: it is no longer queued. */
  failed(outlet: Outlet, delivery: Delivery, failure: PostFailure): void;
  /** The app may no longer have it, or it cannot be rendered: it is no longer queued. */
  dropped(delivery: Delivery, reason: string): void;
  /** The app's callback says that it is gone for good. */
  gone(outlet: Outlet, callbackUrl: string): void;
  gapTold(outlet: Outlet, lanes: readonly number[], givenUpBy: number): void;
  /** Whether the configuration was read after this monotonic time; if not, it is read again and the outlet pumped. */
  configurationIsNewerThan(monotonicMs: number): boolean;
  /** It has room for more than is queued. */
  hungry(outlet: Outlet): void;
  recovered(outlet: Outlet): void;
}

export interface OutletContext {
  readonly client: WebhookClient;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly configuration: { current(): Configuration };
  readonly events: OutletEvents;
  /** POSTs under way at once. */
  readonly concurrencyMax: number;
  /** How long before its end a lease is no longer used: an attempt's time and a margin. */
  readonly leaseReserveMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Nothing more is to be sent. */
  readonly isStopped: () => boolean;
}

/** The deliveries of one thread, in order; the first `underWay` of them are being sent. */
interface Pair {
  readonly thread: string;
  readonly queue: Delivery[];
  underWay: number;
}

/** What one POST carries, and the pairs it is of, each once. */
interface Shipment {
  readonly deliveries: Delivery[];
  readonly pairs: Pair[];
}

/** Statuses by which a server in front of the app, or the app as a whole, says that it cannot. */
const overloadStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** By which a callback says that it wants nothing more, ever. */
const goneStatus = 410;
/** Nothing is sent meanwhile: the pause that follows takes effect within this time, or the callback is asked again. */
const goneRestMs = 5_000;

/**
 * One app's deliveries. Threads go in parallel, up to the app's concurrency, each of them strictly in order. Knows
 * nothing of cursors: it reports what became of each delivery.
 */
export class Outlet {
  readonly appId: AppId;
  /** What the dispatcher keeps about the app in each lane. */
  readonly stalled = new Set<StalledPair>();
  readonly lags = new Set<Lag>();
  refilling = false;
  /** No stalled thread is due before this time. */
  stalledDueAt = Infinity;
  lastAcknowledgedAt = -Infinity;
  lastOfferedAtMs = -Infinity;
  /** Deliveries queued or under way that hold a lane's position. */
  live = 0;

  readonly #context: OutletContext;
  readonly #pairs = new Map<string, Pair>();
  /** Pairs with something to send and nothing under way, longest waiting first. */
  readonly #ready = new Set<Pair>();
  readonly #gaps = new Map<number, { count: number; first: DeliveryKey }>();
  readonly #sending = new Set<Promise<void>>();
  readonly #logger = new Logger(Outlet.name);
  #breaker: BreakerState = closedBreaker;
  #alarm: ReturnType<typeof breakerAlarm> = 'none';
  #underWay = 0;
  #queued = 0;
  #notBefore = -Infinity;
  /** Asked for every delivery, and the same until the configuration changes. */
  #refusals: { readonly of: Configuration | null; readonly byPage: Map<PageId, string | null> } = {
    of: null,
    byPage: new Map(),
  };

  constructor(appId: AppId, context: OutletContext) {
    this.appId = appId;
    this.#context = context;
  }

  get breaker(): BreakerState {
    return this.#breaker;
  }

  /** Deliveries waiting or under way. */
  get queued(): number {
    return this.#queued;
  }

  /** Whether nothing is left to do for it. */
  get isIdle(): boolean {
    return this.#queued === 0 && this.stalled.size === 0 && this.lags.size === 0 && this.#sending.size === 0;
  }

  get app(): App | undefined {
    return this.#context.configuration.current().apps.get(this.appId);
  }

  /** Whether it takes nothing for now: by hand, by its breaker, or because the app asked to be left alone. */
  get isHeld(): boolean {
    return this.#breaker.phase === 'open' || this.#isTold(this.#context.clock.now());
  }

  /** How many more deliveries should be queued, so that it does not run dry. */
  appetite(): number {
    const now = this.#context.clock.now();
    if (this.#isTold(now)) return 0;
    const allowed = attemptsAllowed(this.#breaker, now);
    if (this.#breaker.phase === 'open') return this.#ready.size === 0 ? allowed : 0;
    const wanted = Math.min(this.#context.concurrencyMax, allowed) * 4 * Math.max(1, this.app?.batchSizeMax ?? 1);
    return Math.max(0, wanted - this.#queued);
  }

  /** Queues a delivery behind the others of its thread. */
  offer(delivery: Delivery): void {
    let pair = this.#pairs.get(delivery.thread);
    if (pair === undefined) {
      pair = { thread: delivery.thread, queue: [], underWay: 0 };
      this.#pairs.set(delivery.thread, pair);
    }
    pair.queue.push(delivery);
    this.#queued += 1;
    this.lastOfferedAtMs = delivery.offeredAtMs;
    if (delivery.source.kind === 'live') this.live += 1;
    if (pair.underWay === 0) this.#ready.add(pair);
  }

  /** Takes back what waits behind the failed delivery of a thread; replays stay. */
  takeQueue(thread: string): Delivery[] {
    const pair = this.#pairs.get(thread);
    if (pair === undefined) return [];
    return this.#takeFrom(pair, (delivery) => delivery.source.kind !== 'replay');
  }

  /**
   * Takes back live deliveries that are not under way. Those of a row that is partly sent stay, since rows are the unit
   * in which work is put aside; their thread is named in `partial` when nothing of it is under way.
   */
  takeLive(): { readonly deliveries: Delivery[]; readonly partial: Delivery[] } {
    const deliveries: Delivery[] = [];
    const partial: Delivery[] = [];
    for (const pair of [...this.#pairs.values()]) {
      const [head] = pair.queue;
      if (head === undefined || head.source.kind !== 'live') continue;
      const begun = pair.underWay > 0 || head.notice !== firstNoticeFor(this.appId, head) ? head.row.id : null;
      // With several under way in one batch, everything up to the last of their rows has begun.
      const begunThrough = pair.underWay > 0 ? (pair.queue[pair.underWay - 1]?.row.id ?? begun) : begun;
      deliveries.push(
        ...this.#takeFrom(
          pair,
          (delivery) => delivery.source.kind === 'live' && (begunThrough === null || delivery.row.id > begunThrough),
        ),
      );
      if (pair.underWay === 0 && begun !== null) partial.push(head);
    }
    return { deliveries, partial };
  }

  /** Removes one delivery that is queued first in its thread and not under way. */
  takeHead(delivery: Delivery): void {
    const pair = this.#pairs.get(delivery.thread);
    if (pair !== undefined) this.#takeFrom(pair, (queued) => queued === delivery);
  }

  addGap(letter: DeliveryKey, count = 1): void {
    const gap = this.#gaps.get(letter.lane);
    if (gap === undefined) {
      this.#gaps.set(letter.lane, { count, first: letter });
    } else {
      gap.count += count;
      if (letter.id < gap.first.id) gap.first = letter;
    }
  }

  /** Forgets the gaps of a lane that is another instance's now. */
  dropGaps(lane: number): void {
    this.#gaps.delete(lane);
  }

  /** Starts where an earlier holder stopped: failing since then, with a probe at once. */
  startOpen(sinceMs: number, error: string): void {
    if (this.#breaker.phase === 'open') return;
    this.#breaker = breakerOpenSince(sinceMs, this.#context.clock.now(), error);
  }

  /** The configuration changed, perhaps the app's address, or someone resumed it: worth a probe. */
  reconsider(): void {
    this.#step({ type: 'resumed' });
    this.pump();
  }

  /** Tells people once when the app fails for long, and when it is back. */
  reportAlarm(): void {
    const alarm = breakerAlarm(this.#breaker, this.#context.clock.now());
    if (alarm === this.#alarm) return;
    const error = this.#breaker.phase === 'open' ? this.#breaker.lastError : '';
    if (alarm === 'alert') this.#logger.warn(`App ${this.appId} has not taken deliveries for 15 minutes: ${error}`);
    if (alarm === 'paused') {
      this.#logger.error(`App ${this.appId} counts as paused after an hour; probes go on: ${error}`);
    }
    if (alarm === 'none') this.#logger.log(`App ${this.appId} takes deliveries again`);
    this.#alarm = alarm;
  }

  get alarm(): ReturnType<typeof breakerAlarm> {
    return breakerAlarm(this.#breaker, this.#context.clock.now());
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  /** Sends as much as may be sent now. */
  pump(): void {
    while (this.#room() > 0) {
      const shipment = this.#takeNext();
      if (shipment.deliveries.length === 0) break;
      const sending = this.#send(shipment)
        .catch((error: unknown) => {
          this.#logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        })
        .finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
    if (this.appetite() > 0) this.#context.events.hungry(this);
  }

  /** Whether a person or the app itself has told us to wait. */
  #isTold(now: number): boolean {
    const { app } = this;
    return now < this.#notBefore || (app !== undefined && app.pausedAt !== null);
  }

  #room(): number {
    const now = this.#context.clock.now();
    if (this.#isTold(now) || this.#context.isStopped()) return 0;
    const allowed = attemptsAllowed(this.#breaker, now);
    if (this.#breaker.phase === 'open') return allowed;
    return Math.min(this.#context.concurrencyMax, allowed) - this.#underWay;
  }

  /** What the next POST carries: the longest waiting delivery, and as many more as may share it. */
  #takeNext(): Shipment {
    const taken: Delivery[] = [];
    const pairs: Pair[] = [];
    // A probe is small: it is a question, not a load.
    let sizeMax = this.#breaker.phase === 'open' ? 1 : (this.app?.batchSizeMax ?? 1);
    for (const pair of this.#ready) {
      if (!this.#clearHead(pair)) continue;
      for (let index = 0; index < pair.queue.length && taken.length < sizeMax; index += 1) {
        const delivery = pair.queue[index];
        if (delivery === undefined) break;
        const [first] = taken;
        if (index > 0 && !this.#sendable(delivery)) break;
        if (first !== undefined && (!canShare(first, delivery) || delivery.batchMax <= taken.length)) break;
        sizeMax = Math.min(sizeMax, delivery.batchMax);
        taken.push(delivery);
        pair.underWay += 1;
      }
      if (pair.underWay > 0) {
        this.#ready.delete(pair);
        pairs.push(pair);
      }
      if (taken.length >= sizeMax) break;
    }
    return { deliveries: taken, pairs };
  }

  /** Drops what need not be sent from the front; false if nothing of the pair can be sent now. */
  #clearHead(pair: Pair): boolean {
    const { clock, events, leaseReserveMs } = this.#context;
    for (;;) {
      const [head] = pair.queue;
      if (head === undefined) {
        this.#forgetIfEmpty(pair);
        return false;
      }
      if (!head.lane.active) {
        this.#shift(pair);
        continue;
      }
      const refusal = this.#refusal(head);
      if (refusal === null) return clock.monotonicMs() + leaseReserveMs < head.lane.lease.deadlineMs;
      if (!events.configurationIsNewerThan(head.offeredAtMs)) return false;
      this.#shift(pair);
      events.dropped(head, refusal);
    }
  }

  #sendable(delivery: Delivery): boolean {
    return delivery.lane.active && this.#refusal(delivery) === null;
  }

  /** Why the app may not have it, by the configuration as it is now. */
  #refusal({ row: { pageId } }: Delivery): string | null {
    const configuration = this.#context.configuration.current();
    if (this.#refusals.of !== configuration) this.#refusals = { of: configuration, byPage: new Map() };
    let refusal = this.#refusals.byPage.get(pageId);
    if (refusal === undefined) {
      refusal = this.#refusalFor(pageId, configuration);
      this.#refusals.byPage.set(pageId, refusal);
    }
    return refusal;
  }

  #refusalFor(pageId: PageId, { apps, pages }: Configuration): string | null {
    const app = apps.get(this.appId);
    if (app === undefined) return 'the app no longer exists';
    if (app.callbackUrl === null) return 'the app has no callback any more';
    const connected = pages.get(pageId)?.connections.has(this.appId) === true;
    return connected ? null : 'the app is no longer connected to the page';
  }

  async #send(shipment: Shipment): Promise<void> {
    const { deliveries } = shipment;
    const { client, clock, configuration, events, failpoints } = this.#context;
    const [first] = deliveries;
    const { app } = this;
    if (first === undefined || app === undefined) return;
    const url = callbackUrlOf(app, first.row.thread.channel);
    if (url === null) return;
    const body = this.#render(shipment);
    if (body === null) return;

    const probe = this.#breaker.phase === 'open';
    if (probe) this.#step({ type: 'probe-started' });
    this.#underWay += 1;
    const gap = first.source.kind === 'replay' ? null : this.#gap();
    const { incarnation } = configuration.current();
    const ids = deliveries.map((delivery) => deliveryId(incarnation, keyOf(delivery))).join(',');
    const traceId = traceIdOf(deliveries);
    const attempt = Math.max(...deliveries.map(({ attempts }) => attempts)) + 1;
    let result: PostResult;
    try {
      failpoints.pass('deliver.beforePost');
      result = await client.post({
        url,
        secret: app.secret,
        body,
        deliveryId: ids,
        ...(traceId === null ? {} : { traceId }),
        attempt,
        ...(gap === null ? {} : { gap: gap.header }),
        replay: first.source.kind === 'replay',
      });
      failpoints.pass('deliver.afterPost');
    } catch (error) {
      // A defect of ours. The delivery waits for its next attempt like any other: nothing may be under way for good.
      result = { ok: false, error: `it could not be sent: ${String(error)}`, durationMs: 0 };
    }
    this.#underWay -= 1;
    for (const delivery of deliveries) delivery.attempts += 1;
    events.attempted(this, deliveries, result);
    this.#tell(deliveries.length, { deliveryId: ids, traceId, attempt }, result);
    if (result.ok) {
      this.lastAcknowledgedAt = clock.now();
      this.#finish(shipment, true);
      this.#step({ type: 'succeeded', probe });
      if (gap !== null) this.#told(gap);
      for (const delivery of deliveries) if (delivery.lane.active) events.acknowledged(delivery);
    } else {
      if (result.status === goneStatus) {
        this.#notBefore = clock.now() + goneRestMs;
        events.gone(this, url);
      }
      this.#fail(shipment, result, probe);
    }
    this.pump();
  }

  /** For metrics, and for the log: what failed at all levels that show it, what went well only for who looks closely. */
  #tell(
    count: number,
    sent: { deliveryId: string; traceId: string | null; attempt: number },
    result: PostResult,
  ): void {
    const outcome = outcomeOf(result);
    const { durationMs } = result;
    webhookPosted.tell({ appId: this.appId, outcome, deliveries: count, durationMs });
    const line = { ...sent, appId: this.appId, outcome, status: result.status, durationMs };
    if (result.ok) this.#logger.verbose({ msg: 'delivered', ...line });
    else this.#logger.debug({ msg: 'not delivered', ...line });
  }

  #fail(shipment: Shipment, failure: PostFailure, probe: boolean): void {
    const { deliveries } = shipment;
    const [first] = deliveries;
    if (first === undefined) return;
    const unreachable = failure.status === undefined || overloadStatuses.has(failure.status);
    const alone = deliveries.length === 1;
    if (failure.retryAfterMs !== undefined) this.#notBefore = this.#context.clock.now() + failure.retryAfterMs;
    this.#finish(shipment, alone);
    if (alone || unreachable) {
      const { retryAfterMs } = failure;
      this.#step({
        type: 'failed',
        probe,
        thread: first.thread,
        error: failure.error,
        unreachable,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    if (alone) {
      if (first.lane.active) this.#context.events.failed(this, first, failure);
    } else if (!unreachable) {
      // One of them may be to blame: halves find it without anybody waiting for it.
      for (const delivery of deliveries) delivery.batchMax = Math.max(1, Math.floor(deliveries.length / 2));
    }
  }

  /** Deliveries are no longer under way; they leave their queues, or wait there to be sent again. */
  #finish({ pairs }: Shipment, leave: boolean): void {
    for (const pair of pairs) {
      if (leave) for (; pair.underWay > 0; pair.underWay -= 1) this.#shift(pair);
      pair.underWay = 0;
      if (pair.queue.length > 0) this.#ready.add(pair);
      else this.#forgetIfEmpty(pair);
    }
  }

  /** The body of a POST; null if one of the events cannot be rendered, which is dropped. */
  #render(shipment: Shipment): Buffer | null {
    const { deliveries } = shipment;
    const [first] = deliveries;
    if (first === undefined) return null;
    const entries: string[] = [];
    for (const delivery of deliveries) {
      const notice = delivery.row.notices[delivery.notice];
      try {
        if (notice === undefined) throw new Error('the log row has no such notice');
        // Rendered JSON is ASCII only, which makes latin1 the cheapest of the right encodings.
        if (deliveries.length === 1) return Buffer.from(renderBody(delivery.row, notice), 'latin1');
        entries.push(renderEntry(delivery.row, notice));
      } catch (error) {
        this.#finish(shipment, false);
        this.takeHead(delivery);
        this.#context.events.dropped(delivery, `it cannot be rendered: ${String(error)}`);
        return null;
      }
    }
    return Buffer.from(envelope(first.row, entries.join(',')), 'latin1');
  }

  /** What the next delivery says of deliveries that were given up. */
  #gap(): { header: DeliveryGap; counts: ReadonlyMap<number, number>; composedAt: number } | null {
    if (this.#gaps.size === 0) return null;
    const gaps = [...this.#gaps].sort(([a], [b]) => a - b);
    const [, earliest] = gaps[0] ?? [];
    if (earliest === undefined) return null;
    const { incarnation } = this.#context.configuration.current();
    return {
      header: {
        count: gaps.reduce((sum, [, { count }]) => sum + count, 0),
        firstDeliveryId: deliveryId(incarnation, earliest.first),
      },
      counts: new Map(gaps.map(([lane, { count }]) => [lane, count])),
      composedAt: this.#context.clock.now(),
    };
  }

  #told(gap: { counts: ReadonlyMap<number, number>; composedAt: number }): void {
    const told: number[] = [];
    for (const [lane, count] of gap.counts) {
      const current = this.#gaps.get(lane);
      if (current === undefined) continue;
      // Others may have been added meanwhile; those are told next time.
      if (current.count <= count) this.#gaps.delete(lane);
      else current.count -= count;
      told.push(lane);
    }
    if (told.length > 0) this.#context.events.gapTold(this, told, gap.composedAt);
  }

  #step(event: BreakerEvent): void {
    const wasOpen = this.#breaker.phase === 'open';
    const { clock, random, events } = this.#context;
    const next = afterBreakerEvent(this.#breaker, event, clock.now(), random());
    this.#breaker = next;
    if (wasOpen && next.phase === 'closed') events.recovered(this);
  }

  #takeFrom(pair: Pair, wanted: (delivery: Delivery) => boolean): Delivery[] {
    const taken: Delivery[] = [];
    const kept = pair.queue.filter((delivery, index) => {
      if (index < pair.underWay || !wanted(delivery)) return true;
      taken.push(delivery);
      return false;
    });
    pair.queue.splice(0, pair.queue.length, ...kept);
    for (const delivery of taken) this.#leave(delivery);
    this.#forgetIfEmpty(pair);
    return taken;
  }

  #shift(pair: Pair): void {
    const delivery = pair.queue.shift();
    if (delivery !== undefined) this.#leave(delivery);
    this.#forgetIfEmpty(pair);
  }

  #leave(delivery: Delivery): void {
    this.#queued -= 1;
    if (delivery.source.kind === 'live') this.live -= 1;
  }

  #forgetIfEmpty(pair: Pair): void {
    if (pair.queue.length > 0) return;
    this.#ready.delete(pair);
    if (pair.underWay === 0) this.#pairs.delete(pair.thread);
  }
}

/** The requests by which these came in, each once; null for what nobody asked for, such as a deadline. */
function traceIdOf(deliveries: readonly Delivery[]): string | null {
  const ids = new Set(deliveries.map(({ row }) => row.cause.traceId).filter((id) => id !== undefined));
  return ids.size === 0 ? null : [...ids].join(',');
}

function outcomeOf({ ok, status }: PostResult): 'acknowledged' | 'refused' | 'failed' | 'unreachable' {
  if (ok) return 'acknowledged';
  if (status === undefined) return 'unreachable';
  return status < 500 ? 'refused' : 'failed';
}

export function keyOf(delivery: Delivery): DeliveryKey {
  return { lane: delivery.lane.lane, id: delivery.row.id, notice: delivery.notice };
}

function firstNoticeFor(appId: AppId, delivery: Delivery): number {
  return delivery.row.notices.findIndex((notice) => notice.appId === appId);
}

/** A body has one `object`, and a replay is marked in the header. */
function canShare(a: Delivery, b: Delivery): boolean {
  return a.row.thread.channel === b.row.thread.channel && (a.source.kind === 'replay') === (b.source.kind === 'replay');
}
