import type { Pool } from 'pg';
import { laneOf, type AppId, type PageId, type ThreadKey } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';
import type { EntryPointType, Thread, ThreadState } from '../domain/thread/thread.js';
import { threadFrom, threadSelection, type ThreadRecord } from './records.js';

export const threadOrders = ['id', 'recent', 'deadline'] as const;
/** `id`: lane, page and person; `recent`: newest event first; `deadline`: next release first, owned threads only. */
export type ThreadOrder = (typeof threadOrders)[number];

/** Which threads to list. Absent: any. */
export interface ThreadFilter {
  readonly pageId?: PageId;
  readonly channel?: Channel;
  readonly state?: ThreadState;
  readonly ownerAppId?: AppId;
  readonly entryPoint?: EntryPointType;
  /** The beginning of the person's id; up to four digits may also be its end. */
  readonly person?: string;
}

/** A place in a list: a thread, and what the list is ordered by, in milliseconds since 1970. */
export interface ThreadPosition extends ThreadKey {
  readonly at: number;
}

const at = 'to_timestamp($10::float8 / 1000)';
/**
 * How each order sorts, and what comes after a position. The orders by time have no index, since every message would touch
 * it: a page costs a look at every thread of the filter, some half a second for a million.
 */
const orders: Readonly<Record<ThreadOrder, { by: string; after: string }>> = {
  id: {
    by: 'lane, page_id, psid',
    after: '$10::float8 is not null and (lane, page_id, psid) > ($7, $8::text, $9::text)',
  },
  recent: {
    by: 'last_at desc, lane desc, page_id desc, psid desc',
    after: `(last_at, lane, page_id, psid) < (${at}, $7, $8::text, $9::text)`,
  },
  deadline: {
    by: 'deadline_at, lane, page_id, psid',
    after: `(deadline_at, lane, page_id, psid) > (${at}, $7, $8::text, $9::text)`,
  },
};

/** Reads of many threads at once. As stored: overdue changes are not applied. */
export class ThreadStore {
  constructor(private readonly pool: Pool) {}

  async list(filter: ThreadFilter, order: ThreadOrder, after: ThreadPosition | null, limit: number): Promise<Thread[]> {
    const { rows } = await this.pool.query<ThreadRecord>(
      `select ${threadSelection} from thread t
        where ($1::text is null or page_id = $1) and ($2::text is null or channel = $2)
          and ($3::text is null or state = $3) and ($4::text is null or owner_app_id = $4)
          and ($5::text is null or starts_with(entry_point, $5))
          and ($6::text is null or starts_with(psid, $6) or (length($6) <= 4 and right(psid, length($6)) = $6))
          and ($7::smallint is null or (${orders[order].after}))
          ${order === 'deadline' ? 'and deadline_at is not null' : ''}
        order by ${orders[order].by} limit $11`,
      [
        filter.pageId ?? null,
        filter.channel ?? null,
        filter.state ?? null,
        filter.ownerAppId ?? null,
        // As JSON writes it: the type comes first.
        filter.entryPoint === undefined ? null : `{"type":"${filter.entryPoint}"`,
        filter.person ?? null,
        after === null ? null : laneOf(after),
        after?.pageId ?? null,
        after?.psid ?? null,
        after?.at ?? null,
        limit,
      ],
    );
    return rows.map(threadFrom);
  }
}

/** Where a thread stands in a list, in milliseconds since 1970. */
export function positionOf(thread: Thread, order: ThreadOrder): number {
  switch (order) {
    case 'id':
      return 0;
    case 'recent':
      return thread.lastAt;
    case 'deadline':
      return thread.deadlineAt ?? 0;
  }
}
