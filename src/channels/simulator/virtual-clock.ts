import { Injectable } from '@nestjs/common';
import { Problem } from '../../admin-auth/problem.js';
import { Clock } from '../../clock/clock.js';
import { ConfigStore } from '../../store/config.store.js';
import { ConfigurationCache } from '../../store/configuration.cache.js';
import { LogStore } from '../../store/log.store.js';
import { Timers } from '../../timers/timers.js';
import { durationMs } from './duration.js';

/** How far ahead of real time the emulator may be. */
const offsetMaxMs = durationMs('5000d');

/**
 * The emulator's clock: it runs with the database's and can be moved ahead, never back. Moving it changes the
 * configuration, so that no instance can commit what it decided at the old time.
 */
@Injectable()
export class VirtualClock {
  #moving: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    private readonly configStore: ConfigStore,
    private readonly configuration: ConfigurationCache,
    private readonly log: LogStore,
    private readonly timers: Timers,
  ) {}

  /** Milliseconds since 1970. */
  now(): number {
    return this.clock.now();
  }

  /** Lets this much time pass and does what is due by then; answers the new time. Throws a Problem if it is too much. */
  advance(byMs: number): Promise<number> {
    return this.#inTurn(() => this.#move(byMs));
  }

  /** Lets time pass until the next thread's control window ends. Throws a Problem if no thread has a deadline. */
  advanceToNextDeadline(): Promise<number> {
    return this.#inTurn(async () => {
      const deadline = await this.log.nextDeadline();
      if (deadline === null) throw new Problem('no_deadline', 'No thread has an owner, so nothing is due.');
      return this.#move(Math.max(0, deadline - this.clock.now()));
    });
  }

  async #move(byMs: number): Promise<number> {
    if (byMs > 0) {
      const { clockOffsetMs } = await this.configuration.refresh();
      if (clockOffsetMs + byMs > offsetMaxMs) {
        throw new Problem('clock_too_far', 'The clock can be at most 5000 days ahead of real time.');
      }
      await this.configStore.setClockOffset(clockOffsetMs + byMs);
    }
    await this.timers.tick();
    return this.clock.now();
  }

  /** One move after the other: each starts from the time the one before it has reached. */
  #inTurn<T>(move: () => Promise<T>): Promise<T> {
    const turn = this.#moving.then(move);
    this.#moving = turn.catch(() => undefined);
    return turn;
  }
}
