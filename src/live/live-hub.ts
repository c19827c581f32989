import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { laneCount } from '../domain/ids.js';
import { CommittedRows } from '../store/committed-rows.js';
import type { Configuration } from '../store/configuration.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { EndedAttempts, type EndedAttempt } from '../store/ended-attempts.js';
import { LiveStore } from '../store/live.store.js';
import { LiveItem, type LiveHappening } from './live-item.js';

/** How often the store is asked what other instances have done. */
const pollMs = 1_000;
/** How long to wait after a commit of our own, so that a burst is read at once. */
const gatherMs = 15;
const rowsAtOnce = 500;
/** Tries remembered, so that those of this process are not told again when they are found in the store. */
const rememberedMax = 50_000;

/** In the cursor, after the lanes: the first transaction whose tries may be new, and the configuration's epoch. */
export const positionCount = laneCount + 2;
const attemptsAt = laneCount;
export const epochAt = laneCount + 1;

export type LiveListener = (item: LiveItem) => void;

/**
 * Follows the log, the tries of deliveries and the configuration, once for everybody who watches: ten browsers cost what
 * one costs, and none costs nothing. What this process does wakes it; polling finds what other instances do.
 */
@Injectable()
export class LiveHub implements OnModuleDestroy {
  readonly #logger = new Logger('live');
  readonly #listeners = new Set<LiveListener>();
  readonly #closing = new AbortController();
  readonly #told = new Set<string>();
  #positions: number[] | null = null;
  #starting: Promise<void> | null = null;
  #configuration: Configuration | null = null;
  #unsubscribe: (() => void)[] = [];
  #nudge: () => void = () => {};

  constructor(
    private readonly store: LiveStore,
    private readonly configuration: ConfigurationCache,
    private readonly committedRows: CommittedRows,
    private readonly endedAttempts: EndedAttempts,
  ) {}

  /** Tells `listener` of everything after the positions it answers, until `leave` is called. */
  async join(listener: LiveListener): Promise<{ positions: readonly number[]; leave: () => void }> {
    while (this.#positions === null) await (this.#starting ??= this.#start().finally(() => (this.#starting = null)));
    this.#listeners.add(listener);
    return {
      positions: [...this.#positions],
      leave: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.#stop();
      },
    };
  }

  onModuleDestroy(): void {
    this.#closing.abort();
    this.#stop();
  }

  async #start(): Promise<void> {
    const { lanes, attempts } = await this.store.now();
    this.#configuration = this.configuration.current();
    this.#positions = [...lanes, attempts, this.#configuration.epoch];
    this.#unsubscribe = [
      this.committedRows.subscribe(() => this.#nudge()),
      this.endedAttempts.subscribe((ended) => this.#tellOfAttempts(ended)),
      this.configuration.subscribe((configuration) => this.#tellOfConfiguration(configuration)),
    ];
    void this.#follow(this.#positions);
  }

  #stop(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#positions = null;
    this.#told.clear();
    this.#nudge();
  }

  async #follow(positions: number[]): Promise<void> {
    const { signal } = this.#closing;
    while (this.#positions === positions && !signal.aborted) {
      let awake = false;
      const woken = new Promise<void>((resolve) => {
        this.#nudge = () => {
          awake = true;
          resolve();
        };
      });
      let more = false;
      try {
        more = await this.#read(positions);
      } catch (error) {
        // Nobody loses anything: the next time goes on from here.
        if (!signal.aborted) this.#logger.warn({ err: error }, 'what happens could not be read; trying again');
      }
      if (more) continue;
      const rest = new AbortController();
      if (!awake) await Promise.race([woken, delay(pollMs, null, { signal: rest.signal }).catch(() => null)]);
      rest.abort();
      await delay(gatherMs, null, { signal }).catch(() => null);
    }
  }

  /** Whether there is more to be read at once. */
  async #read(positions: number[]): Promise<boolean> {
    const until = await this.store.lastIds();
    const rows = await this.store.rowsAfter(positions, until, {}, rowsAtOnce);
    for (const followed of rows) {
      if (this.#positions !== positions) return false;
      positions[followed.row.lane] = followed.row.id;
      this.#tell({ type: 'log', followed });
    }
    // Holes after the last row of a lane.
    if (rows.length < rowsAtOnce) until.forEach((id, lane) => (positions[lane] = Math.max(positions[lane] ?? 0, id)));
    const { attempts, next } = await this.store.attemptsFrom(positions[attemptsAt] ?? 0);
    if (this.#positions !== positions) return false;
    this.#tellOfAttempts(attempts);
    positions[attemptsAt] = next;
    return rows.length === rowsAtOnce;
  }

  #tellOfAttempts(attempts: readonly EndedAttempt[]): void {
    for (const attempt of attempts) {
      const name = `${attempt.lane}-${attempt.id}-${attempt.notice}-${attempt.attempt}-${attempt.at}`;
      if (this.#told.has(name)) continue;
      this.#told.add(name);
      this.#tell({ type: 'delivery', attempt });
    }
    for (const name of this.#told) {
      if (this.#told.size <= rememberedMax) break;
      this.#told.delete(name);
    }
  }

  #tellOfConfiguration(configuration: Configuration): void {
    const before = this.#configuration;
    this.#configuration = configuration;
    if (this.#positions === null || before === null) return;
    this.#positions[epochAt] = configuration.epoch;
    const clockMoved = before.clockOffsetMs !== configuration.clockOffsetMs;
    if (clockMoved) this.#tell({ type: 'clock' });
    // Moving the clock is one change of the configuration; any other one is something else.
    if (!clockMoved || configuration.epoch > before.epoch + 1) this.#tell({ type: 'configuration' });
  }

  #tell(happening: LiveHappening): void {
    const item = new LiveItem(happening, [...(this.#positions ?? [])]);
    for (const listener of this.#listeners) listener(item);
  }
}
