import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import type { ThreadKey } from '../domain/ids.js';
import type { ThreadRouter } from '../routing/thread-router.js';
import type { ConfigurationCache } from '../store/configuration.cache.js';
import type { LaneStore } from '../store/lane.store.js';

/** How often deadlines are looked for, in milliseconds. */
const pollMs = 1_000;
/** Threads looked at in one go: enough for large commits, few enough that messages get their turn between them. */
const dueMax = 2_000;

/** Reports a failure that no caller waits for. */
export type ReportFailure = (error: unknown, doing: string) => void;

/**
 * Releases threads whose control window has ended, and those whose owner is no longer connected.
 *
 * The router applies what is overdue before any event of a thread, and reads compute it, so a late or dead timer changes
 * nothing but when the row is written. All instances may run it: the second one finds nothing left to do.
 */
export class Timers {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #sweptEpoch = 0;

  constructor(
    private readonly lanes: LaneStore,
    private readonly router: ThreadRouter,
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
    private readonly failpoints: Failpoints,
    private readonly reportFailure: ReportFailure,
  ) {}

  start(): void {
    const run = () => {
      this.#running = this.tick()
        .catch((error: unknown) => this.reportFailure(error, 'firing deadlines'))
        .finally(() => {
          if (this.#timer !== null) this.#timer = setTimeout(run, pollMs).unref();
        });
    };
    this.#timer = setTimeout(run, pollMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** Fires everything that is due now; returns how many threads were looked at. */
  async tick(): Promise<number> {
    return (await this.#fireDue()) + (await this.#releaseOrphaned());
  }

  async #fireDue(): Promise<number> {
    for (let fired = 0; ;) {
      const keys = await this.lanes.findDue(this.clock.now(), dueMax);
      if (keys.length === 0) return fired;
      this.failpoints.pass('timers.beforeFire');
      fired += await this.#settle(keys);
    }
  }

  /** A disconnected app's threads are released before their next event anyway; this makes lists and feeds say so. */
  async #releaseOrphaned(): Promise<number> {
    const { epoch } = this.configuration.current();
    if (epoch === this.#sweptEpoch) return 0;
    for (let released = 0; ;) {
      const keys = await this.lanes.findOrphaned(dueMax);
      if (keys.length === 0) {
        this.#sweptEpoch = epoch;
        return released;
      }
      released += await this.#settle(keys);
    }
  }

  /** Has the router apply what is overdue for each thread. */
  async #settle(keys: readonly ThreadKey[]): Promise<number> {
    const outcomes = await Promise.all(
      keys.map((key) => this.router.dispatch({ key, channel: null, events: [], cause: { by: 'timer' } })),
    );
    const gone = keys.filter((_, index) => outcomes[index]?.result !== 'applied');
    if (gone.length > 0) await this.lanes.disarm(gone);
    return keys.length;
  }
}
