import type { Clock } from '../clock/clock.js';
import { laneCount } from '../domain/ids.js';
import type { ClaimedLane, CursorStore, LaneLease } from '../store/cursor.store.js';
import { isGone } from './holder.js';

/** A lease in this instance's hands. */
export interface HeldLease extends LaneLease {
  /** Until when it surely lasts, by our own monotonic clock. */
  deadlineMs: number;
}

export interface LeaseChanges {
  readonly claimed: readonly { readonly lane: ClaimedLane; readonly lease: HeldLease }[];
  readonly lost: readonly HeldLease[];
  /** Lanes beyond this instance's share, to be given back when they are idle. */
  readonly excess: number;
}

/**
 * Keeps this instance's share of the lanes. A lease saves work, it carries no correctness: two holders send some
 * deliveries twice. Exactly the (lane, epoch) pairs in memory are prolonged, never "whatever is mine", so a lane that was
 * lost and claimed again is never kept alive by mistake. Deadlines count from before the database was asked.
 */
export class LeaseKeeper {
  readonly #held = new Map<number, HeldLease>();
  #hasLooked = false;

  constructor(
    private readonly store: CursorStore,
    private readonly clock: Clock,
    private readonly holder: string,
    private readonly leaseMs: number,
    /** An instance that has not been heard of for this long no longer counts for the shares. */
    private readonly aliveMs: number,
  ) {}

  /** Prolongs what is held, and takes free lanes up to this instance's share. */
  async round(): Promise<LeaseChanges> {
    const lost = await this.#renew();
    const alive = await this.store.announce(this.holder, this.aliveMs);
    const share = Math.ceil(laneCount / alive);
    const missing = share - this.#held.size;
    await this.#freeOfTheDead();
    const claimed = missing > 0 ? await this.#claim(missing) : [];
    return { claimed, lost, excess: Math.max(-missing, 0) };
  }

  /** Gives leases back. */
  async release(leases: readonly HeldLease[]): Promise<void> {
    for (const lease of leases) this.#forget(lease);
    if (leases.length > 0) await this.store.release(leases);
  }

  /** Stops prolonging a lease: it is someone else's, or what was left in the lane could not be read. */
  lose(lease: HeldLease): void {
    this.#forget(lease);
  }

  async withdraw(): Promise<void> {
    await this.release([...this.#held.values()]);
    await this.store.withdraw(this.holder);
  }

  /** Whoever starts where another instance was killed need not wait for the end of its leases. */
  async #freeOfTheDead(): Promise<void> {
    if (this.#hasLooked) return;
    const dead = (await this.store.listHolders()).filter(isGone);
    if (dead.length > 0) await this.store.releaseHeldBy(dead);
    this.#hasLooked = true;
  }

  async #renew(): Promise<HeldLease[]> {
    const leases = [...this.#held.values()];
    if (leases.length === 0) return [];
    const askedAtMs = this.clock.monotonicMs();
    const renewed = new Set(await this.store.renew(leases, this.leaseMs));
    const lost: HeldLease[] = [];
    for (const lease of leases) {
      if (renewed.has(lease.lane)) {
        lease.deadlineMs = askedAtMs + this.leaseMs;
      } else {
        this.#forget(lease);
        lost.push(lease);
      }
    }
    return lost;
  }

  async #claim(limit: number): Promise<LeaseChanges['claimed']> {
    const askedAtMs = this.clock.monotonicMs();
    const lanes = await this.store.claim(this.holder, [...this.#held.keys()], limit, this.leaseMs);
    return lanes.map((lane) => {
      const lease = { lane: lane.lane, epoch: lane.epoch, deadlineMs: askedAtMs + this.leaseMs };
      this.#held.set(lane.lane, lease);
      return { lane, lease };
    });
  }

  /** Compares the epoch first: the lane may have been claimed again meanwhile. */
  #forget(lease: HeldLease): void {
    if (this.#held.get(lease.lane)?.epoch === lease.epoch) this.#held.delete(lease.lane);
  }
}
