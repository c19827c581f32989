import { Signal } from '../telemetry/signals.js';
import type { ConfigStore } from './config.store.js';
import type { Configuration } from './configuration.js';

/** How soon a change made by another instance is noticed, in milliseconds: that instance waits for it with its answer. */
const pollMs = 100;

/** The part of the clock that follows the configuration. */
export interface AdjustableClock {
  setOffset(offsetMs: number): void;
}

/**
 * The configuration as this process knows it, so that routing reads no database. It may be a moment behind; the epoch
 * that goes into each commit is what makes that harmless. Refreshed after every change made in this process, when the
 * router meets a newer epoch, and by polling.
 */
export class ConfigurationCache {
  readonly #changed = new Signal<Configuration>();
  #current: Configuration | null = null;
  #running: Promise<Configuration> | null = null;
  #next: Promise<Configuration> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #polling = false;

  constructor(
    private readonly store: ConfigStore,
    private readonly clock: AdjustableClock,
  ) {
    store.afterChange(() => this.refresh());
  }

  /** Throws before the first `refresh`. */
  current(): Configuration {
    if (this.#current === null) throw new Error('the configuration has not been loaded yet');
    return this.#current;
  }

  /** Reads the configuration anew: whatever was committed before the call is in the answer. */
  refresh(): Promise<Configuration> {
    if (this.#running === null) return this.read();
    // The read under way may have begun before the caller's change, so that needs another; all who wait share it.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.read();
      });
    return this.#next;
  }

  /** Calls `listener` whenever the configuration has changed, until the returned function is called. */
  subscribe(listener: (configuration: Configuration) => void): () => void {
    return this.#changed.listen(listener);
  }

  /** Loads the configuration and follows it. */
  async start(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => void this.poll(), pollMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  private read(): Promise<Configuration> {
    const reading = this.store
      .read()
      .then((read) => this.install(read))
      .finally(() => {
        if (this.#running === reading) this.#running = null;
      });
    this.#running = reading;
    return reading;
  }

  private install(read: Configuration): Configuration {
    if (this.#current !== null && read.epoch <= this.#current.epoch) return this.#current;
    this.#current = read;
    this.clock.setOffset(read.clockOffsetMs);
    this.#changed.tell(read);
    return read;
  }

  private async poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      if ((await this.store.epoch()) !== this.#current?.epoch) await this.refresh();
    } catch {
      // The database is away: the next poll asks again, and until then nothing can be committed either.
    } finally {
      this.#polling = false;
    }
  }
}
