import type { DataSource } from 'typeorm';
import { laneCount, laneOf, type PageId, type Psid, type ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Channel } from '../domain/page.js';
import type { Thread } from '../domain/thread/thread.js';
import {
  rowFrom,
  rowSelection,
  sourceHash,
  threadFrom,
  threadSelection,
  type RowRecord,
  type ThreadRecord,
} from './records.js';

/** Where a list of conversations was left. */
export interface ConversationPosition {
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  readonly psid: Psid;
}

/** What a message is in the log. */
const messageTypes = ['user.message', 'user.postback', 'user.get_started', 'app.send'];

/**
 * Threads as a page's inbox lists them, newest first, and their messages. There is no index for that order: it would be
 * written with every message. Listing therefore reads the page's threads, which is fit for tools, not for every message.
 */
export class ConversationStore {
  constructor(private readonly dataSource: DataSource) {}

  async list(pageId: PageId, channel: Channel, after: ConversationPosition | null, limit: number): Promise<Thread[]> {
    const rows: ThreadRecord[] = await this.dataSource.query(
      `select ${threadSelection} from thread t
        where page_id = $1 and channel = $2
          and ($3::timestamptz is null or (last_at, psid) < ($3, $4::text))
        order by last_at desc, psid desc limit $5`,
      [pageId, channel, after === null ? null : new Date(after.updatedAt), after?.psid ?? null, limit],
    );
    return rows.map(threadFrom);
  }

  /** How many people have been in touch with the page on a channel since then, in milliseconds since 1970. */
  async countEngaged(pageId: PageId, channel: Channel, since: number): Promise<number> {
    const rows: { count: number }[] = await this.dataSource.query(
      'select count(*)::int as count from thread where page_id = $1 and channel = $2 and last_user_event_at > $3',
      [pageId, channel, new Date(since)],
    );
    return rows[0]?.count ?? 0;
  }

  /** A thread's messages before a row of the log, newest first. */
  async messages(key: ThreadKey, beforeId: number, limit: number): Promise<LogRow[]> {
    const rows: RowRecord[] = await this.dataSource.query(
      `select ${rowSelection} from log
        where lane = $1 and page_id = $2 and psid = $3 and id < $4
          and type = any($5::text[]) and refusal is null and strpos(payload, '"mid":') > 0
        order by id desc limit $6`,
      [laneOf(key), key.pageId, key.psid, beforeId, messageTypes, limit],
    );
    return rows.map(rowFrom);
  }

  async countMessages(key: ThreadKey): Promise<number> {
    const rows: { count: number }[] = await this.dataSource.query(
      `select count(*)::int as count from log
        where lane = $1 and page_id = $2 and psid = $3
          and type = any($4::text[]) and refusal is null and strpos(payload, '"mid":') > 0`,
      [laneOf(key), key.pageId, key.psid, messageTypes],
    );
    return rows[0]?.count ?? 0;
  }

  /** How much the person has written since the page's side last answered or showed that it has read. */
  async countUnread(key: ThreadKey): Promise<number> {
    const rows: { count: number }[] = await this.dataSource.query(
      `select count(*)::int as count from log
        where lane = $1 and page_id = $2 and psid = $3
          and type = any($4::text[]) and type <> 'app.send' and refusal is null
          and id > coalesce((
            select max(id) from log
             where lane = $1 and page_id = $2 and psid = $3 and refusal is null
               and (type = 'app.send' or type = 'app.action' and strpos(payload, '"mark_seen"') > 0)), 0)`,
      [laneOf(key), key.pageId, key.psid, messageTypes],
    );
    return rows[0]?.count ?? 0;
  }

  /** The message of a page with this id. */
  async findMessage(pageId: PageId, mid: string): Promise<LogRow | null> {
    // By source id in every lane: that is what the log can find without knowing the thread.
    const rows: RowRecord[] = await this.dataSource.query(
      `select ${rowSelection} from log
        where lane = any($1::smallint[]) and source_hash = any($2::uuid[]) and page_id = $3 and refusal is null
        order by id limit 1`,
      [lanes, ['app.send', 'user.message', 'user.postback'].map((kind) => sourceHash(`${kind}:${mid}`)), pageId],
    );
    return rows[0] === undefined ? null : rowFrom(rows[0]);
  }
}

const lanes = Array.from({ length: laneCount }, (_, lane) => lane);
