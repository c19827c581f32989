import { Clock } from '../../src/clock/clock.js';

/** A clock that stands still until it is told to go on. */
export class FakeClock extends Clock {
  #now: number;

  constructor(now: number) {
    super();
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return performance.now();
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** The emulator's offset is part of what a test says the time is. */
  setOffset(): void {}
}
