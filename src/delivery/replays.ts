import type { DeliveryKey } from '../domain/delivery-id.js';
import type { AppId } from '../domain/ids.js';
import type { Desk } from './desk.js';
import type { Delivery, LaneProgress } from './lane-progress.js';
import { keyOf, type Outlet } from './outlet.js';

/** Replays of one app under way or queued at once: they must not push ordinary deliveries aside. */
const queuedMax = 8;

const name = (key: DeliveryKey) => `${key.lane}-${key.id}-${key.notice}`;

/**
 * Deliveries that someone asked to be sent again, in the order of the log, each tried once and marked as a replay. A
 * replay that fails is over: its attempt is recorded, and it can be asked for again.
 */
export class Replays {
  readonly #queued = new Map<AppId, Map<string, DeliveryKey>>();
  #requested: ReadonlySet<AppId> = new Set();
  #finished: (DeliveryKey & { readonly acknowledged: boolean })[] = [];

  constructor(
    private readonly desk: Desk,
    private readonly lanes: ReadonlyMap<number, LaneProgress>,
  ) {}

  /** Looks for requests; answers the apps that have any. */
  async look(): Promise<ReadonlySet<AppId>> {
    this.#requested = new Set(await this.desk.cursors.listReplayedApps(this.#activeLanes()));
    return this.#requested;
  }

  isRequestedFor(appId: AppId): boolean {
    return this.#requested.has(appId);
  }

  /** Queues some of an app's replays; false if there are none, or enough. */
  async loadNext(outlet: Outlet): Promise<boolean> {
    const queued = this.#queuedFor(outlet.appId);
    const room = queuedMax - queued.size;
    if (room <= 0 || !this.#requested.has(outlet.appId)) return false;
    const except = [...queued.values(), ...this.#finished];
    const keys = await this.desk.cursors.findReplays(outlet.appId, this.#activeLanes(), room, except);
    let found = false;
    for (const key of keys) {
      const [row] = await this.desk.log.rowsByIds(key.lane, [key.id]);
      const lane = this.lanes.get(key.lane);
      if (lane === undefined) continue;
      if (row?.notices[key.notice] === undefined) {
        // The person was erased, or there never was such a delivery.
        this.#finished.push({ ...key, acknowledged: false });
        continue;
      }
      queued.set(name(key), key);
      this.desk.offer(lane, outlet.appId, row, key.notice, { kind: 'replay' });
      found = true;
    }
    return found;
  }

  finished(delivery: Delivery, acknowledged: boolean): void {
    const key = keyOf(delivery);
    const notice = delivery.row.notices[delivery.notice];
    if (notice !== undefined) this.#queuedFor(notice.appId).delete(name(key));
    this.#finished.push({ ...key, acknowledged });
  }

  /** Forgets what was queued for a lane that is another instance's now. */
  dropLane(lane: number): void {
    for (const queued of this.#queued.values()) {
      for (const [id, key] of queued) if (key.lane === lane) queued.delete(id);
    }
  }

  async save(): Promise<void> {
    const finished = this.#finished;
    if (finished.length === 0) return;
    await this.desk.cursors.finishReplays(finished, this.desk.clock.now());
    this.#finished = this.#finished.filter((key) => !finished.includes(key));
  }

  #activeLanes(): number[] {
    return [...this.lanes.values()].filter((lane) => lane.active && !lane.leaving).map(({ lane }) => lane);
  }

  #queuedFor(appId: AppId): Map<string, DeliveryKey> {
    let queued = this.#queued.get(appId);
    if (queued === undefined) this.#queued.set(appId, (queued = new Map<string, DeliveryKey>()));
    return queued;
  }
}
