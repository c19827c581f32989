import { laneOf, threadName } from '../domain/ids.js';
import type { Outcome, Submission } from './submission.js';
import type { CachedThread } from './thread-cache.js';

/** The answers to submissions that were handed in together. */
class Answers {
  readonly #outcomes: Outcome[];
  #missing: number;

  constructor(
    count: number,
    private readonly resolve: (outcomes: Outcome[]) => void,
    readonly reject: (error: Error) => void,
  ) {
    this.#outcomes = new Array<Outcome>(count);
    this.#missing = count;
  }

  settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = outcome;
    this.#missing -= 1;
    if (this.#missing === 0) this.resolve(this.#outcomes);
  }
}

/** A submission that waits for its answer. */
export class Pending {
  readonly lane: number;
  /** Names its thread. */
  readonly thread: string;
  /** What is known of the thread; set before the submission is decided. */
  cached: CachedThread = unknownThread;
  /** Whether an idempotency key has been looked up. */
  keyChecked: boolean;

  constructor(
    readonly submission: Submission,
    private readonly answers: Answers,
    private readonly index: number,
  ) {
    this.lane = laneOf(submission.key);
    this.thread = threadName(submission.key);
    this.keyChecked = submission.idempotency === undefined;
  }

  resolve(outcome: Outcome): void {
    this.answers.settle(this.index, outcome);
  }

  /** With this, everything that was handed in together counts as failed. */
  reject(error: Error): void {
    this.answers.reject(error);
  }
}

const unknownThread: CachedThread = { thread: undefined };

export interface CommitQueueOptions {
  /** How many commits may be under way at once: the lanes are shared out over as many parts. */
  readonly partCount: number;
  readonly batchMax: number;
  /** Up to so many submissions are committed together, whatever their lanes. */
  readonly togetherMax: number;
}

/** A share of the lanes. Only one commit of it is under way at a time. */
class Part {
  readonly waiting: Pending[] = [];
  busy = false;
}

/**
 * Gathers submissions while earlier ones are being committed, and forms the batches.
 *
 * With little to do, one commit takes everything that waits: each costs a flush to disk, and two small ones cost two. With
 * much to do the parts commit side by side, so that deciding one batch overlaps with writing the other.
 */
export class CommitQueue {
  readonly #parts: readonly Part[];
  readonly #underWay = new Set<Promise<void>>();
  #waking = false;

  constructor(
    private readonly commit: (batch: readonly Pending[]) => Promise<void>,
    private readonly options: CommitQueueOptions,
  ) {
    this.#parts = Array.from({ length: options.partCount }, () => new Part());
  }

  get waiting(): number {
    let waiting = 0;
    for (const part of this.#parts) waiting += part.waiting.length;
    return waiting;
  }

  /** The outcomes in the order of the submissions; rejects when one of them failed. */
  enqueue(submissions: readonly Submission[]): Promise<Outcome[]> {
    if (submissions.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const answers = new Answers(submissions.length, resolve, reject);
      submissions.forEach((submission, index) => {
        const pending = new Pending(submission, answers, index);
        this.#parts[pending.lane % this.#parts.length]?.waiting.push(pending);
      });
      this.#wake();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#waking || this.#underWay.size > 0) {
      await Promise.all(this.#underWay);
      await new Promise(setImmediate);
    }
  }

  /** Soon, so that everything that arrives in this turn of the event loop shares a commit. */
  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      this.#start();
    });
  }

  #start(): void {
    const idle = this.#parts.every((part) => !part.busy);
    const { waiting } = this;
    if (idle && waiting > 0 && waiting <= this.options.togetherMax) {
      this.#run(
        this.#parts,
        this.#parts.flatMap((part) => part.waiting.splice(0)),
      );
      return;
    }
    // What is too little for a commit of its own waits for the one under way.
    const enough = idle ? 1 : this.options.togetherMax / this.#parts.length;
    for (const part of this.#parts) {
      if (!part.busy && part.waiting.length >= enough) {
        this.#run([part], takeFairly(part.waiting, this.options.batchMax));
      }
    }
  }

  #run(parts: readonly Part[], batch: readonly Pending[]): void {
    for (const part of parts) part.busy = true;
    const committing = this.commit(batch).finally(() => {
      for (const part of parts) part.busy = false;
      this.#underWay.delete(committing);
      this.#wake();
    });
    this.#underWay.add(committing);
  }
}

/** Takes up to `max` from the queue in arrival order; while more are waiting, no page gets more than half of it. */
function takeFairly(queue: Pending[], max: number): Pending[] {
  if (queue.length <= max) return queue.splice(0);
  const share = Math.ceil(max / 2);
  const taken: Pending[] = [];
  const left: Pending[] = [];
  const perPage = new Map<string, number>();
  for (const pending of queue) {
    const { pageId } = pending.submission.key;
    const count = perPage.get(pageId) ?? 0;
    if (taken.length < max && count < share) {
      perPage.set(pageId, count + 1);
      taken.push(pending);
    } else left.push(pending);
  }
  // One page alone may fill the batch: there is nobody to be fair to.
  if (perPage.size === 1) taken.push(...left.splice(0, max - taken.length));
  queue.length = 0;
  queue.push(...left);
  return taken;
}
