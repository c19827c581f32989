import { laneOf, threadName, type ThreadKey } from '../domain/ids.js';
import type { Thread } from '../domain/thread/thread.js';

/**
 * The threads and lane positions one commit group knows, bounded by dropping what was not used longest. It may lag behind
 * the database: a commit that was decided on old knowledge is refused there, and then it is brought up to date.
 */
export class ThreadCache {
  readonly #max: number;
  readonly #threads = new Map<string, Thread>();
  readonly #lastIds = new Map<number, number>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: ThreadKey): Thread | undefined {
    const name = threadName(key);
    const thread = this.#threads.get(name);
    if (thread === undefined) return undefined;
    // A Map keeps insertion order, so moving it to the end keeps the oldest in front.
    this.#threads.delete(name);
    this.#threads.set(name, thread);
    return thread;
  }

  set(thread: Thread): void {
    const name = threadName(thread);
    this.#threads.delete(name);
    this.#threads.set(name, thread);
    if (this.#threads.size > this.#max) {
      const oldest = this.#threads.keys().next();
      if (oldest.done !== true) this.#threads.delete(oldest.value);
    }
  }

  /** Brings a thread up to date if it is held; others are read when they are needed. */
  refresh(thread: Thread): void {
    if (this.#threads.has(threadName(thread))) this.set(thread);
  }

  lastId(lane: number): number | undefined {
    return this.#lastIds.get(lane);
  }

  setLastId(lane: number, id: number): void {
    this.#lastIds.set(lane, id);
  }

  /** Forgets a lane and its threads, when it is not known any more what was written. */
  forget(lane: number): void {
    this.#lastIds.delete(lane);
    for (const [name, thread] of this.#threads) if (laneOf(thread) === lane) this.#threads.delete(name);
  }
}
