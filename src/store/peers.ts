import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

/** How long an instance that has fallen silent is waited for, in milliseconds. */
const aliveMs = 3_000;
const announceEveryMs = 1_000;
/** How often a change looks whether everybody has it, in milliseconds: others look for changes about as often. */
const lookEveryMs = 25;
/** A change is answered after so long in any case, in milliseconds: it is committed, and each commit checks the epoch. */
const patienceMs = 5_000;

/**
 * The instances on one database, as far as they are alive. A change of the configuration that one of them makes is
 * answered when all have it, so that it counts wherever the caller's next request goes. It is a courtesy: an instance
 * that nobody waited for cannot commit anything under an outdated configuration either.
 */
export class Peers {
  readonly #instanceId = randomUUID();
  #knownEpoch = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly reportFailure: (error: unknown, doing: string) => void,
  ) {}

  /** Makes this instance one of them; before it reads the configuration, so that no change falls in between. */
  async join(): Promise<void> {
    await this.dataSource.query(`delete from instance where alive_until < clock_timestamp() - interval '1 minute'`);
    await this.#announce();
    this.#timer = setInterval(() => void this.#announceOrReport(), announceEveryMs).unref();
  }

  async leave(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    // Who cannot say goodbye is soon forgotten.
    await this.dataSource
      .query('delete from instance where instance_id = $1', [this.#instanceId])
      .catch(() => undefined);
  }

  /** This instance works with the configuration of this epoch from now on. */
  knows(epoch: number): void {
    this.#knownEpoch = epoch;
    if (this.#timer !== null) void this.#announceOrReport();
  }

  /** Resolves when every other instance that is alive works with the configuration as it is in the database now. */
  async caughtUp(): Promise<void> {
    for (const givingUpAt = performance.now() + patienceMs; performance.now() < givingUpAt;) {
      const behind: unknown[] = await this.dataSource.query(
        `select from instance
          where instance_id <> $1
            -- Who says so for longer said it before the database's clock was set back.
            and alive_until between clock_timestamp() and clock_timestamp() + $2 * interval '1 ms'
            and config_epoch < (select epoch from configuration)
          limit 1`,
        [this.#instanceId, 2 * aliveMs],
      );
      if (behind.length === 0) return;
      await delay(lookEveryMs);
    }
  }

  async #announceOrReport(): Promise<void> {
    await this.#announce().catch((error: unknown) => this.reportFailure(error, 'telling other instances of this one'));
  }

  async #announce(): Promise<void> {
    await this.dataSource.query(
      `insert into instance (instance_id, config_epoch, alive_until)
       values ($1, $2, clock_timestamp() + $3 * interval '1 ms')
       on conflict (instance_id) do update
          set config_epoch = greatest(instance.config_epoch, excluded.config_epoch), alive_until = excluded.alive_until`,
      [this.#instanceId, this.#knownEpoch, aliveMs],
    );
  }
}
