/**
 * Where all time comes from. `now()` is the database's time plus the emulator's offset and decides what happened when;
 * `monotonicMs()` never jumps and is for leases, timeouts and back-off.
 */
export abstract class Clock {
  /** Milliseconds since 1970. */
  abstract now(): number;
  /** Milliseconds since some moment in the past. */
  abstract monotonicMs(): number;
}

/** A clock that follows the database's: this machine's own clock may be wrong by hours without changing anything. */
export class DatabaseClock extends Clock {
  #baseMs = Date.now() - performance.now();
  #offsetMs = 0;

  now(): number {
    return Math.floor(this.#baseMs + performance.now()) + this.#offsetMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  /** The emulator's offset to database time, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Follows the database, which said it was `databaseNowMs` at `monotonicMs` of this process. */
  synchronise(databaseNowMs: number, monotonicMs: number): void {
    this.#baseMs = databaseNowMs - monotonicMs;
  }

  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }
}
