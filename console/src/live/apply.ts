import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys } from '../api/queries.js';
import type { ListPage, LogEntry, Thread } from '../api/types.js';

/** One event of the stream. */
export interface LiveEvent {
  readonly type: string;
  readonly data: unknown;
}

/** Something happened in a thread: the row of its log, and how the thread stands after it. */
type LiveLog = LogEntry & { readonly thread: Thread };

/** Of a thread whose page is gone there is nothing to show. */
function isLiveLog({ type, data }: LiveEvent): boolean {
  return type === 'log' && isOfThread(data) && 'thread' in data && data.thread !== null;
}

/** The rows of the log among some events. */
export function logOf(events: readonly LiveEvent[]): LiveLog[] {
  return events.filter(isLiveLog).map(({ data }) => data as LiveLog);
}

/**
 * Brings what the screens have read up to date with what the stream told. What an event holds is put in place at once;
 * what it only touches is read again, if a screen shows it.
 */
export function applyLiveEvents(client: QueryClient, events: readonly LiveEvent[]): void {
  const touched = new Map<string, readonly unknown[]>();
  const touch = (key: readonly unknown[]) => touched.set(JSON.stringify(key), key);
  for (const event of events) {
    switch (event.type) {
      case 'log':
      case 'delivery':
        if (!isOfThread(event.data)) break;
        touch([...keys.thread(event.data.page_id, event.data.psid), 'deliveries']);
        touch([...keys.thread(event.data.page_id, event.data.psid), 'messages']);
        touch(keys.deliveries);
        break;
      case 'configuration':
        touch(keys.configuration);
        // Who controls a released thread is a matter of configuration.
        touch(keys.threads);
        break;
      case 'clock':
        touch(keys.clock);
        break;
      default:
    }
  }
  const rows = logOf(events);
  if (rows.length > 0) applyRows(client, rows);
  for (const queryKey of touched.values()) void client.invalidateQueries({ queryKey });
}

function applyRows(client: QueryClient, rows: readonly LiveLog[]): void {
  const newest = new Map(rows.map((row) => [threadName(row), row.thread]));
  client.setQueriesData<InfiniteData<ListPage<Thread>>>({ queryKey: keys.threads }, (list) =>
    withThreads(list, newest),
  );
  for (const [, thread] of newest) {
    client.setQueryData<Thread>([...keys.thread(thread.page_id, thread.psid), 'state'], (before) =>
      before === undefined ? undefined : { ...before, ...thread },
    );
  }
  for (const row of rows) {
    const key = [...keys.thread(row.page_id, row.psid), 'events'];
    client.setQueryData<LogEntry[]>(key, (entries) => withEntry(entries, row));
  }
}

/** The lists keep their order; whoever shows one decides when it changes. */
function withThreads(
  list: InfiniteData<ListPage<Thread>> | undefined,
  threads: ReadonlyMap<string, Thread>,
): InfiniteData<ListPage<Thread>> | undefined {
  if (list === undefined) return undefined;
  let changed = false;
  const pages = list.pages.map((page) => {
    if (!page.data.some((thread) => threads.has(threadName(thread)))) return page;
    changed = true;
    return {
      ...page,
      data: page.data.map((thread) => {
        const now = threads.get(threadName(thread));
        return now === undefined ? thread : { ...thread, ...now };
      }),
    };
  });
  return changed ? { ...list, pages } : list;
}

/** Appends a row that is newer than those that are there. */
function withEntry(entries: LogEntry[] | undefined, row: LiveLog): LogEntry[] | undefined {
  if (entries === undefined) return undefined;
  const last = entries.at(-1);
  return last === undefined || position(row.id) > position(last.id) ? [...entries, row] : entries;
}

/** Rows of a thread are in one lane: the number after it orders them. */
function position(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1));
}

export function threadName({ page_id, psid }: { page_id: string; psid: string }): string {
  return `${page_id}/${psid}`;
}

function isOfThread(data: unknown): data is { readonly page_id: string; readonly psid: string } {
  return typeof data === 'object' && data !== null && 'page_id' in data && 'psid' in data;
}
