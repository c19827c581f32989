import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp, SearchX, Waypoints } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { pagesQuery, sessionQuery } from '../../api/queries.js';
import type { Thread } from '../../api/types.js';
import { isTyping } from '../../app/shortcuts.js';
import { useScope } from '../../app/scope.js';
import { Ago, Countdown } from '../../clock/time.js';
import { logOf, threadName } from '../../live/apply.js';
import { useLiveEvents } from '../../live/live-provider.js';
import { AppChip } from '../../ui/app-chip.js';
import { StateBadge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { ChannelMark } from '../../ui/channel-mark.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { EntryPointText } from './entry-point.js';
import { FilterBar } from './filter-bar.js';
import { matches, useThreadFilters } from './filters.js';
import { threadListQuery, withHead, without } from './thread-list.js';
import './threads.css';

const rowHeight = 44;
/** How many rows before the end of what is there the next page is asked for. */
const readAhead = 60;

export function Component() {
  const { filters, set, clear, any } = useThreadFilters();
  return (
    <div className="threads">
      <header className="threads-head">
        <h1 className="visually-hidden">Threads</h1>
        <FilterBar filters={filters} set={set} clear={clear} any={any} />
      </header>
      <List key={JSON.stringify(filters)} />
    </div>
  );
}

function List() {
  const { filters, clear, any } = useThreadFilters();
  const client = useQueryClient();
  const query = threadListQuery(filters);
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(query);
  const threads = data?.pages.flatMap((page) => page.data) ?? [];
  const body = useRef<HTMLDivElement>(null);
  const [waiting, setWaiting] = useState<ReadonlySet<string>>(new Set());

  // React Compiler is not used here; the virtualizer's functions change with what is scrolled to.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count: threads.length,
    getScrollElement: () => body.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => {
      const thread = threads[index];
      return thread === undefined ? index : threadName(thread);
    },
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  const count = threads.length;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastShown >= count - readAhead) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, lastShown, count, fetchNextPage]);

  useLiveEvents((events) => {
    const changed = new Map(logOf(events).map((row) => [threadName(row), row.thread]));
    if (changed.size === 0 || data === undefined) return;
    const gone = [...changed.values()].filter((thread) => matches(thread, filters) === false);
    const fit = [...changed.values()].filter((thread) => matches(thread, filters) !== false).reverse();
    const names = new Set(gone.map(threadName));
    client.setQueryData(query.queryKey, (list) =>
      list === undefined ? undefined : without(list, (thread) => names.has(threadName(thread))),
    );
    if (fit.length === 0) return;
    if ((body.current?.scrollTop ?? 0) > rowHeight) {
      // Nothing moves under the eyes of whoever reads further down.
      setWaiting((before) => new Set([...before, ...fit.map(threadName)]));
    } else if (filters.sort === 'recent' && filters.q === null) {
      client.setQueryData(query.queryKey, (list) => (list === undefined ? undefined : withHead(list, fit)));
    } else {
      void client.invalidateQueries({ queryKey: query.queryKey });
    }
  });
  const toTop = () => {
    rows.scrollToOffset(0);
    setWaiting(new Set());
    void client.resetQueries({ queryKey: query.queryKey });
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || (event.key !== 'j' && event.key !== 'k')) return;
      const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>('a.thread-link') ?? [])];
      const current = links.findIndex((link) => link === document.activeElement);
      const next = links[current === -1 ? 0 : current + (event.key === 'j' ? 1 : -1)];
      next?.focus();
      next?.scrollIntoView({ block: 'nearest' });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={12} />;
  if (threads.length === 0 && !hasNextPage) return any ? <NothingFits clear={clear} /> : <NoThreads />;
  return (
    <div className="thread-table">
      <div
        className="thread-table-parts"
        role="table"
        aria-label="Threads"
        aria-rowcount={hasNextPage ? -1 : threads.length + 1}
      >
        <div className="thread-row thread-table-head" role="row" aria-rowindex={1}>
          {['Person', 'State', 'Owner', 'Came through', 'Last event', 'Released in'].map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
        {waiting.size > 0 && (
          <Button className="threads-waiting" kind="primary" size="small" onClick={toTop}>
            <ArrowUp aria-hidden />
            {waiting.size === 1 ? '1 thread has news' : `${waiting.size} threads have news`}
          </Button>
        )}
        <div ref={body} className="thread-table-body" role="rowgroup" tabIndex={0} aria-label="Threads, scrollable">
          <div className="thread-table-space" role="presentation" style={{ height: rows.getTotalSize() }}>
            {shown.map(({ index, start, key }) => {
              const thread = threads[index];
              return thread === undefined ? null : <Row key={key} thread={thread} top={start} index={index} />;
            })}
          </div>
        </div>
      </div>
      <div className="thread-table-foot" role="status">
        {counted(threads.length)}
        {hasNextPage && <span className="faint"> read; more come as you scroll</span>}
      </div>
    </div>
  );
}

const number = new Intl.NumberFormat('en-GB');

function counted(count: number): string {
  return `${number.format(count)} ${count === 1 ? 'thread' : 'threads'}`;
}

function Row({ thread, top, index }: { thread: Thread; top: number; index: number }) {
  const scope = useScope();
  const { data: pages } = useQuery(pagesQuery);
  const page = pages?.find(({ page_id }) => page_id === thread.page_id);
  const severalPages = (pages?.length ?? 0) > 1 && scope.pageId === null;
  return (
    <div className="thread-row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" className="thread-person">
        <ChannelMark channel={thread.channel} />
        <Link className="thread-link" to={scope.to(`/threads/${thread.page_id}/${encodeURIComponent(thread.psid)}`)}>
          {thread.name ?? <span className="mono">{thread.psid}</span>}
        </Link>
        {thread.name !== null && <span className="faint mono ellipsis">{thread.psid}</span>}
        {severalPages && <span className="faint ellipsis">{page?.name}</span>}
      </span>
      <span role="cell">
        <StateBadge state={thread.state} />
      </span>
      <span role="cell" className="thread-owner">
        {thread.owner_app_id === null && thread.effective_owner_app_id !== null ? (
          <span className="ellipsis faint" title="Released: the default app answers.">
            <AppChip appId={thread.effective_owner_app_id} /> by default
          </span>
        ) : (
          <AppChip appId={thread.owner_app_id} />
        )}
      </span>
      <span role="cell" className="ellipsis">
        <EntryPointText entryPoint={thread.entry_point} />
      </span>
      <span role="cell" className="faint">
        <Ago at={thread.last_event_at} />
      </span>
      <span role="cell">
        {thread.expires_at === null ? <span className="faint">–</span> : <Countdown until={thread.expires_at} />}
      </span>
    </div>
  );
}

function NothingFits({ clear }: { clear: () => void }) {
  return (
    <Empty
      icon={SearchX}
      title="No thread fits these filters"
      actions={<Button onClick={clear}>Clear the filters</Button>}
    >
      A person is found by name, or by the beginning of the id.
    </Empty>
  );
}

function NoThreads() {
  const scope = useScope();
  const { data: session } = useQuery(sessionQuery);
  const emulator = session?.mode === 'emulator';
  return (
    <Empty
      icon={Waypoints}
      title="Nobody has written yet"
      actions={
        emulator ? (
          <Link className="button" data-kind="primary" to={scope.to('/customer')}>
            Be a customer
          </Link>
        ) : (
          <Link className="button" to={scope.to('/configuration')}>
            Check the configuration
          </Link>
        )
      }
    >
      {emulator
        ? 'A thread begins when a person writes, taps an ad or opens a link. Take a phone and be that person.'
        : 'A thread begins when a person writes, taps an ad or opens a link, and the platform tells us of it.'}
    </Empty>
  );
}
