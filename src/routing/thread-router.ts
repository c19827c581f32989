import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import type { Settings } from '../config/settings.js';
import { laneOf } from '../domain/ids.js';
import type { CommittedRows } from '../store/committed-rows.js';
import type { ConfigurationCache } from '../store/configuration.cache.js';
import type { LaneStore } from '../store/lane.store.js';
import type { QuarantineStore } from '../store/quarantine.store.js';
import { CommitGroup } from './commit-group.js';
import { RouterBusyError, type Outcome, type Submission } from './submission.js';

/**
 * The one way in: everything that can change a thread is submitted here, and answered after it is committed. Lanes are
 * shared out over a few groups, each of which commits what gathered while its previous commit was under way.
 */
export class ThreadRouter {
  readonly #groups: readonly CommitGroup[];
  readonly #queueMax: number;

  constructor(
    lanes: LaneStore,
    configuration: ConfigurationCache,
    quarantine: QuarantineStore,
    committedRows: CommittedRows,
    clock: Clock,
    failpoints: Failpoints,
    settings: Settings,
  ) {
    const { COMMIT_GROUPS, COMMIT_BATCH_MAX, COMMIT_QUEUE_MAX, THREAD_CACHE_MAX } = settings.values;
    this.#queueMax = COMMIT_QUEUE_MAX;
    this.#groups = Array.from(
      { length: COMMIT_GROUPS },
      () =>
        new CommitGroup(lanes, configuration, quarantine, committedRows, clock, failpoints, {
          batchMax: COMMIT_BATCH_MAX,
          cacheMax: Math.ceil(THREAD_CACHE_MAX / COMMIT_GROUPS),
        }),
    );
  }

  /** How many submissions wait for their commit. */
  get waiting(): number {
    return this.#groups.reduce((sum, group) => sum + group.waiting, 0);
  }

  /**
   * Decides and commits the events of one thread, all or none. A refusal is an outcome; throws RouterBusyError when too
   * much is waiting or the database does not answer.
   */
  dispatch(submission: Submission): Promise<Outcome> {
    const group = this.#groups[laneOf(submission.key) % this.#groups.length];
    if (group === undefined) throw new Error('there is no commit group');
    if (group.waiting >= this.#queueMax / this.#groups.length) {
      return Promise.reject(new RouterBusyError('Too many events are waiting to be committed.'));
    }
    return group.enqueue(withKey(submission));
  }

  /** Resolves when everything submitted so far is answered. */
  async idle(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.idle()));
  }
}

/** A call with an idempotency key is known by the key: its first row carries it. */
function withKey(submission: Submission): Submission {
  const { idempotency, events, cause } = submission;
  if (idempotency === undefined) return submission;
  return {
    ...submission,
    events: events.map((event, index) => (index === 0 ? { ...event, sourceId: idempotency.sourceId } : event)),
    cause: { ...cause, requestHash: idempotency.requestHash },
  };
}
