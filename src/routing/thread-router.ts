import type { Clock } from '../clock/clock.js';
import type { Failpoints } from '../config/failpoints.js';
import type { Settings } from '../config/settings.js';
import type { CommittedRows } from '../store/committed-rows.js';
import type { ConfigurationCache } from '../store/configuration.cache.js';
import type { LaneStore } from '../store/lane.store.js';
import type { QuarantineStore } from '../store/quarantine.store.js';
import { CommitQueue } from './commit-queue.js';
import { Committer } from './committer.js';
import { RouterBusyError, type Outcome, type Submission } from './submission.js';

/** The one way in: everything that can change a thread is submitted here, and answered after it is committed. */
export class ThreadRouter {
  readonly #queue: CommitQueue;
  readonly #waitingMax: number;

  constructor(
    lanes: LaneStore,
    configuration: ConfigurationCache,
    quarantine: QuarantineStore,
    committedRows: CommittedRows,
    clock: Clock,
    failpoints: Failpoints,
    settings: Settings,
  ) {
    const { COMMITS_AT_ONCE, COMMIT_BATCH_MAX, COMMIT_TOGETHER_MAX, COMMIT_QUEUE_MAX, THREAD_CACHE_MAX } =
      settings.values;
    const committer = new Committer(
      lanes,
      configuration,
      quarantine,
      committedRows,
      clock,
      failpoints,
      // A batch's threads have to fit into one generation of the cache, or one of them could be held twice.
      Math.max(THREAD_CACHE_MAX, 2 * COMMIT_BATCH_MAX),
    );
    this.#waitingMax = COMMIT_QUEUE_MAX;
    this.#queue = new CommitQueue((batch) => committer.commit(batch), {
      partCount: COMMITS_AT_ONCE,
      batchMax: COMMIT_BATCH_MAX,
      togetherMax: Math.min(COMMIT_TOGETHER_MAX, COMMIT_BATCH_MAX),
    });
  }

  /** How many submissions wait for their commit. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /**
   * Decides and commits the events of one thread, all or none. A refusal is an outcome; throws RouterBusyError when too
   * much is waiting or the database does not answer.
   */
  async dispatch(submission: Submission): Promise<Outcome> {
    const [outcome] = await this.dispatchAll([submission]);
    if (outcome === undefined) throw new Error('a submission was not answered');
    return outcome;
  }

  /** The same for several submissions, each on its own; the outcomes are in their order. */
  dispatchAll(submissions: readonly Submission[]): Promise<Outcome[]> {
    if (this.#queue.waiting >= this.#waitingMax) {
      return Promise.reject(new RouterBusyError('Too many events are waiting to be committed.'));
    }
    return this.#queue.enqueue(submissions.map(withKey));
  }

  /** Resolves when everything submitted so far is answered. */
  idle(): Promise<void> {
    return this.#queue.idle();
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
