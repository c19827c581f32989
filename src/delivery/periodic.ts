/**
 * Runs work again and again, never twice at once: `intervalMs` after the last time ended, or at once when woken. Errors
 * go to `onError` and do not end it.
 */
export class Periodic {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #wokenMeanwhile = false;
  #stopped = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly intervalMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Runs the work now, or again right after it if it is running. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#wokenMeanwhile = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#running = this.work()
      .catch(this.onError)
      .then(() => this.#rest());
  }

  /** No new run begins; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #rest(): void {
    this.#running = undefined;
    if (this.#stopped) return;
    if (this.#wokenMeanwhile) {
      this.#wokenMeanwhile = false;
      this.wake();
    } else {
      this.#timer = setTimeout(() => this.wake(), this.intervalMs);
    }
  }
}
