import type { Pool } from 'pg';
import { laneOf, type ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Thread } from '../domain/thread/thread.js';
import { rowFrom, rowSelection, type RowRecord } from './records.js';
import { ThreadReads } from './thread-reads.js';

/** Reads of the log and of the threads it folds into. */
export class LogStore {
  readonly #pool: Pool;
  readonly #threads: ThreadReads;

  /** @param options `prepared`: whether the read that many calls begin with may be a prepared statement */
  constructor(pool: Pool, options: { prepared: boolean } = { prepared: false }) {
    this.#pool = pool;
    this.#threads = new ThreadReads(pool, options);
  }

  /** A lane's rows after an id, oldest first. */
  async rowsAfter(lane: number, afterId: number, limit: number): Promise<LogRow[]> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection} from log where lane = $1 and id > $2 order by id limit $3`,
      [lane, afterId, limit],
    );
    return rows.map(rowFrom);
  }

  /** The rows of a lane with these ids, oldest first; those that no longer exist are left out. */
  async rowsByIds(lane: number, ids: readonly number[]): Promise<LogRow[]> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection} from log where lane = $1 and id = any($2::bigint[]) order by id`,
      [lane, ids],
    );
    return rows.map(rowFrom);
  }

  async findRow(lane: number, id: number): Promise<LogRow | null> {
    const [row] = await this.rowsByIds(lane, [id]);
    return row ?? null;
  }

  /** The row of the same thread before this one. */
  async findRowBefore({
    lane,
    id,
    pageId,
    psid,
  }: Pick<LogRow, 'lane' | 'id' | 'pageId' | 'psid'>): Promise<LogRow | null> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection} from log
        where lane = $1 and page_id = $2 and psid = $3 and id < $4 order by id desc limit 1`,
      [lane, pageId, psid, id],
    );
    return rows[0] === undefined ? null : rowFrom(rows[0]);
  }

  /** A thread's rows after an id, oldest first. */
  async rowsOfThread(key: ThreadKey, afterId: number, limit: number): Promise<LogRow[]> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection} from log
        where lane = $1 and page_id = $2 and psid = $3 and id > $4 order by id limit $5`,
      [laneOf(key), key.pageId, key.psid, afterId, limit],
    );
    return rows.map(rowFrom);
  }

  /** A thread's last rows, newest first. */
  async newestRowsOfThread(key: ThreadKey, limit: number): Promise<LogRow[]> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection} from log
        where lane = $1 and page_id = $2 and psid = $3 order by id desc limit $4`,
      [laneOf(key), key.pageId, key.psid, limit],
    );
    return rows.map(rowFrom);
  }

  /** A thread's messages of apps that have buttons, newest first, whether they are known to be out or not. */
  async sendsWithButtons(key: ThreadKey, limit: number): Promise<LogRow[]> {
    const { rows } = await this.#pool.query<RowRecord>(
      `select ${rowSelection} from log
        where lane = $1 and page_id = $2 and psid = $3
          and type = 'app.send' and refusal is null and strpos(payload, '"type":"postback"') > 0
        order by id desc limit $4`,
      [laneOf(key), key.pageId, key.psid, limit],
    );
    return rows.map(rowFrom);
  }

  /** The last id of each lane, by lane. */
  async lastIds(): Promise<number[]> {
    const { rows } = await this.#pool.query<{ last_id: string }>('select last_id from lane order by lane');
    return rows.map((row) => Number(row.last_id));
  }

  /** Null: there is no such thread. */
  findThread(key: ThreadKey): Promise<Thread | null> {
    return this.#threads.find(key);
  }

  /** The earliest end of a control window, in milliseconds since 1970; null if no thread has an owner. */
  async nextDeadline(): Promise<number | null> {
    const { rows } = await this.#pool.query<{ deadline: number | null }>(
      'select (round(extract(epoch from min(deadline_at)) * 1000))::float8 as deadline from thread',
    );
    return rows[0]?.deadline ?? null;
  }
}
