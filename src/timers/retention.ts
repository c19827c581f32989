import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock/clock.js';
import type { Settings } from '../config/settings.js';
import { faultOf } from '../store/database-errors.js';
import { erasureRememberedMs } from '../store/erased-people.js';
import { dayBefore, lanesOfADay, type AgedTable, type RetentionStore } from '../store/retention.store.js';
import type { ReportFailure } from './timers.js';

/** How often it is looked for what has become too old. By the clock everything goes by, so it follows the virtual one. */
const intervalMs = 60 * 60 * 1000;
/** How often the clock is looked at. */
const pollMs = 1_000;
/** After a round that could not begin. */
const failureRestMs = 60_000;
/** Between two statements, so that routing has the database to itself most of the time. */
const restMs = 5;
/** A day of the log that is in use now is tried so often before the next round has to do it. */
const dropAttempts = 25;
const dropRetryMs = 200;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Removes what is too old: texts of messages, days of the log, tries, dead letters, quarantine.
 *
 * Every instance runs it, and one of them does the work: whoever notes first that an hour has passed. If that one dies,
 * the next hour is somebody's again. Each step may be repeated, and each statement touches a bounded number of rows.
 */
export class Retention {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #nextAt = -Infinity;
  #stopped = false;

  constructor(
    private readonly store: RetentionStore,
    private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly reportFailure: ReportFailure,
  ) {}

  start(): void {
    const run = () => {
      this.#running = this.#whenDue()
        .catch((error: unknown) => this.reportFailure(error, 'removing what is too old'))
        .finally(() => {
          if (!this.#stopped) this.#timer = setTimeout(run, pollMs).unref();
        });
    };
    this.#timer = setTimeout(run, pollMs).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #whenDue(): Promise<void> {
    const now = this.clock.now();
    if (now < this.#nextAt) return;
    // Not every second while the database is away.
    this.#nextAt = now + failureRestMs;
    if (await this.store.claim(now, now - intervalMs)) await this.removeOld();
    this.#nextAt = now + intervalMs;
  }

  /** Removes everything that is too old now. One kind that fails keeps no other from its turn. */
  async removeOld(): Promise<void> {
    const now = this.clock.now();
    const { values } = this.settings;
    const prune = (table: AgedTable, days: number) => async () => {
      // What points to a row of the log has no use without it.
      const until = now - Math.min(days, values.RETENTION_LOG_DAYS) * dayMs;
      while (!this.#stopped && (await this.store.prune(table, until))) await delay(restMs);
    };
    const steps: [string, () => Promise<void>][] = [
      ['days of the log', () => this.#dropDays(dayBefore(now, values.RETENTION_LOG_DAYS))],
      ['message texts', () => this.#removeTexts(dayBefore(now, values.RETENTION_TEXT_DAYS))],
      ['tries of deliveries', prune('attempt', values.RETENTION_ATTEMPT_DAYS)],
      ['dead letters', prune('dead_letter', values.RETENTION_DEAD_LETTER_DAYS)],
      ['quarantine', prune('quarantine', values.RETENTION_QUARANTINE_DAYS)],
      ['traces of erased people', () => this.store.forgetErased(now - erasureRememberedMs)],
    ];
    for (const [what, step] of steps) {
      if (this.#stopped) return;
      await step().catch((error: unknown) => this.reportFailure(error, `removing ${what} that are too old`));
    }
  }

  async #dropDays(before: string): Promise<void> {
    for (const day of await this.store.logDays()) {
      if (day >= before || this.#stopped) return;
      await this.#dropDay(day);
    }
  }

  async #dropDay(day: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.store.dropLogDay(day);
      } catch (error) {
        if (faultOf(error) !== 'retry' || attempt === dropAttempts || this.#stopped) throw error;
        await delay(dropRetryMs);
      }
    }
  }

  async #removeTexts(before: string): Promise<void> {
    const done = await this.store.textsRemovedBefore();
    for (const day of await this.store.logDays()) {
      if (done !== null && day < done) continue;
      if (day >= before) break;
      for (const lane of lanesOfADay) {
        for (let after: number | null = 0; after !== null; after = await this.store.removeTexts(day, lane, after)) {
          if (this.#stopped) return;
          await delay(restMs);
        }
      }
    }
    await this.store.setTextsRemovedBefore(before);
  }
}
