import { infiniteQueryOptions, type InfiniteData } from '@tanstack/react-query';
import { api } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { ListPage, Thread } from '../../api/types.js';
import { threadName } from '../../live/apply.js';
import type { ThreadFilters } from './filters.js';

/** Threads read at once. */
const pageSize = 200;

type ThreadList = InfiniteData<ListPage<Thread>>;

export const threadListQuery = (filters: ThreadFilters) =>
  infiniteQueryOptions({
    queryKey: [...keys.threads, filters],
    queryFn: ({ pageParam, signal }) =>
      api.get<ListPage<Thread>>('/threads', { ...filters, cursor: pageParam, limit: pageSize }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // Reading a long list again would read all its pages; live events keep it fresh instead.
    refetchOnWindowFocus: false,
    // What is shown while a filter changes.
    placeholderData: (before) => before,
  });

/** The list with these threads at its head, newest first, wherever they were before. */
export function withHead(list: ThreadList, threads: readonly Thread[]): ThreadList {
  const moved = new Set(threads.map(threadName));
  const pages = list.pages.map((page) => ({
    ...page,
    data: page.data.filter((thread) => !moved.has(threadName(thread))),
  }));
  const [first, ...rest] = pages;
  if (first === undefined) return list;
  return { ...list, pages: [{ ...first, data: [...threads, ...first.data] }, ...rest] };
}

/** The list without what does not belong in it any more. */
export function without(list: ThreadList, gone: (thread: Thread) => boolean): ThreadList {
  if (!list.pages.some(({ data }) => data.some(gone))) return list;
  return { ...list, pages: list.pages.map((page) => ({ ...page, data: page.data.filter((thread) => !gone(thread)) })) };
}
