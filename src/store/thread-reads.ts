import type { Pool } from 'pg';
import { laneOf, threadName, type ThreadKey } from '../domain/ids.js';
import type { Thread } from '../domain/thread/thread.js';
import { threadFrom, threadSelection, type ThreadRecord } from './records.js';

/** The threads that exist among `keys`, in one statement. */
export async function readThreads(
  on: Pick<Pool, 'query'>,
  keys: readonly ThreadKey[],
  options: { prepared: boolean },
): Promise<Thread[]> {
  const { rows } = await on.query<ThreadRecord>({
    ...(options.prepared && { name: 'find_threads' }),
    text: `select ${threadSelection} from unnest($1::smallint[], $2::text[], $3::text[]) k (lane, page_id, psid)
             join thread t using (lane, page_id, psid)`,
    values: [keys.map(laneOf), keys.map((key) => key.pageId), keys.map((key) => key.psid)],
  });
  return rows.map(threadFrom);
}

interface WaitingRead {
  readonly key: ThreadKey;
  readonly resolve: (thread: Thread | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements under way at once: while the answer to one is taken apart, the database works on the other. */
const readsAtOnceMax = 2;
/** Threads read by one statement at most, so that no caller waits for thousands of others. */
const keysMax = 500;

/**
 * Reads single threads for many callers. With little to do each read is a statement of its own; with much to do those
 * that come while others are under way share the next one, since going to the database and back costs far more than
 * finding a row there. A read begins after it was asked for, so it sees everything committed before that.
 */
export class ThreadReads {
  #waiting: WaitingRead[] = [];
  #underWay = 0;
  #waking = false;

  constructor(
    private readonly pool: Pool,
    private readonly options: { prepared: boolean },
  ) {}

  /** Null: there is no such thread. */
  find(key: ThreadKey): Promise<Thread | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      this.#wake();
    });
  }

  /** Soon, so that everything that is asked for in this turn of the event loop shares a statement. */
  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      while (this.#waiting.length > 0 && this.#underWay < readsAtOnceMax) void this.#read();
    });
  }

  async #read(): Promise<void> {
    const reads = this.#waiting.splice(0, keysMax);
    this.#underWay += 1;
    try {
      const found = new Map<string, Thread>();
      const threads = await readThreads(
        this.pool,
        reads.map(({ key }) => key),
        this.options,
      );
      for (const thread of threads) found.set(threadName(thread), thread);
      for (const { key, resolve } of reads) resolve(found.get(threadName(key)) ?? null);
    } catch (error) {
      for (const { reject } of reads) reject(error);
    } finally {
      this.#underWay -= 1;
      if (this.#waiting.length > 0) this.#wake();
    }
  }
}
