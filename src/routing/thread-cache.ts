import { laneOf, threadName, type ThreadKey } from '../domain/ids.js';
import type { Thread } from '../domain/thread/thread.js';
import type { ErasedPeople } from '../store/erased-people.js';

/** A thread as it is known; null: there is no such thread; undefined: not known. Looked up once, then held and written. */
export interface CachedThread {
  thread: Thread | null | undefined;
}

/**
 * The threads and lane positions one commit group knows. It may lag behind the database: a commit that was decided on old
 * knowledge is refused there, and then it is brought up to date.
 *
 * Bounded by generations: what was used since the last change of generation is kept, the rest goes with the next.
 */
export class ThreadCache {
  readonly #generationMax: number;
  #recent = new Map<string, CachedThread>();
  #older = new Map<string, CachedThread>();
  readonly #lastIds = new Map<number, number>();
  readonly #erased = new Map<number, ErasedPeople>();

  constructor(max: number) {
    this.#generationMax = Math.ceil(max / 2);
  }

  /** The entry of a thread, by its name: a new one if nothing is known of it. Good until its lane is forgotten. */
  entry(name: string): CachedThread {
    const recent = this.#recent.get(name);
    if (recent !== undefined) return recent;
    const entry = this.#older.get(name) ?? { thread: undefined };
    this.#keep(name, entry);
    return entry;
  }

  /** Brings a thread up to date if it is held; others are read when they are needed. */
  refresh(thread: Thread): void {
    const name = threadName(thread);
    const entry = this.#recent.get(name) ?? this.#older.get(name);
    if (entry !== undefined) entry.thread = thread;
  }

  lastId(lane: number): number | undefined {
    return this.#lastIds.get(lane);
  }

  setLastId(lane: number, id: number): void {
    this.#lastIds.set(lane, id);
  }

  /** When the person was erased, if that is known of the lane; milliseconds since 1970. */
  erasedAt(key: ThreadKey): number | null {
    return this.#erased.get(laneOf(key))?.find(key) ?? null;
  }

  /** Who was erased of a lane; undefined: nobody. */
  setErased(lane: number, erased: ErasedPeople | undefined): void {
    if (erased === undefined) this.#erased.delete(lane);
    else this.#erased.set(lane, erased);
  }

  /** Forgets a lane and its threads, when it is not known any more what was written. */
  forget(lane: number): void {
    this.#lastIds.delete(lane);
    for (const generation of [this.#recent, this.#older]) {
      for (const [name, { thread }] of generation) {
        // What is known of one that does not exist may be what another instance has just changed.
        if (thread == null || laneOf(thread) === lane) generation.delete(name);
      }
    }
  }

  #keep(name: string, entry: CachedThread): void {
    // What both generations hold is found in the newer one first, and is the same entry.
    this.#recent.set(name, entry);
    if (this.#recent.size >= this.#generationMax) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
  }
}
