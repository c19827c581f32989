import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, CornerUpLeft, Inbox, MousePointerClick } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api, path } from '../../api/client.js';
import { appsQuery, connectionsQuery, eventsQuery, keys, sessionQuery, threadQuery } from '../../api/queries.js';
import type { Change, Thread } from '../../api/types.js';
import { isTyping } from '../../app/shortcuts.js';
import { useScope } from '../../app/scope.js';
import { useNow } from '../../clock/clock.js';
import { Ago } from '../../clock/time.js';
import { logOf, threadName } from '../../live/apply.js';
import { useLiveEvents } from '../../live/live-provider.js';
import { AppChip, useApps } from '../../ui/app-chip.js';
import { StateBadge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { ChannelMark } from '../../ui/channel-mark.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { Conversation } from '../thread/conversation.js';
import { stepsOf } from '../thread/story.js';
import { Composer } from './composer.js';
import { answering, inboxIds, inboxThreadsQuery, keysOfInbox, shows, threadsMax, waits, type Show } from './waiting.js';
import '../thread/thread.css';
import './inbox.css';

const showNames: Readonly<Record<Show, string>> = { waiting: 'Waiting', apps: 'With apps', all: 'All' };

/** A small inbox for a human: who waits, what was said, an answer, Move to Main and Done. */
export function Component() {
  const scope = useScope();
  const client = useQueryClient();
  const [parameters, setParameters] = useSearchParams();
  const show = shows.find((name) => name === parameters.get('show')) ?? 'waiting';
  const chosen = parameters.get('thread');
  const query = inboxThreadsQuery(scope);
  const { data, error, refetch } = useQuery(query);
  const { data: apps = [] } = useQuery(appsQuery);
  const list = useRef<HTMLUListElement>(null);
  useLiveEvents((events) => {
    if (logOf(events).length > 0) void client.invalidateQueries({ queryKey: query.queryKey });
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || (event.key !== 'j' && event.key !== 'k')) return;
      const entries = [...(list.current?.querySelectorAll<HTMLButtonElement>('button') ?? [])];
      const at = entries.findIndex((entry) => entry === document.activeElement);
      entries[at === -1 ? 0 : at + (event.key === 'j' ? 1 : -1)]?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  const put = (name: 'show' | 'thread', value: string | null) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      if (value === null) next.delete(name);
      else next.set(name, value);
      return next;
    });

  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={10} />;
  const inboxes = inboxIds(apps);
  const of: Readonly<Record<Show, Thread[]>> = {
    waiting: data.data.filter((thread) => waits(thread, inboxes)),
    apps: data.data.filter((thread) => !waits(thread, inboxes)),
    all: data.data,
  };
  // The open thread stays in the list: whoever has just taken or ended it sees where it went.
  const shown = data.data.filter((thread) => of[show].includes(thread) || threadName(thread) === chosen);
  const [pageId, psid] = chosen?.split('/') ?? [];
  return (
    <div className="inbox">
      <section className="inbox-list" aria-label="Threads">
        <h1 className="visually-hidden">Inbox</h1>
        <div className="inbox-shows" role="group" aria-label="Which threads">
          {shows.map((name) => (
            <button
              key={name}
              type="button"
              className="tab"
              aria-pressed={show === name}
              onClick={() => put('show', name === 'waiting' ? null : name)}
            >
              {showNames[name]} <span className="faint numeric">{of[name].length}</span>
            </button>
          ))}
        </div>
        {shown.length === 0 ? (
          <Empty
            icon={Inbox}
            title={show === 'waiting' ? 'Nobody waits' : 'No threads here'}
            {...(of.all.length > 0 && {
              actions: <Button onClick={() => put('show', 'all')}>Show all {of.all.length}</Button>,
            })}
          >
            {show === 'waiting'
              ? 'A thread waits here when an inbox has it, or when nobody answers. “With apps” has those that bots answer.'
              : 'Threads begin when people write.'}
          </Empty>
        ) : (
          <ul ref={list}>
            {shown.map((thread) => (
              <li key={threadName(thread)}>
                <button
                  type="button"
                  className="inbox-entry"
                  aria-current={threadName(thread) === chosen}
                  onClick={() => put('thread', threadName(thread))}
                >
                  <span className="inbox-entry-who">
                    <ChannelMark channel={thread.channel} />
                    <span className="ellipsis">{thread.name ?? thread.psid}</span>
                    {thread.last_event_at != null && (
                      <span className="faint">
                        <Ago at={thread.last_event_at} />
                      </span>
                    )}
                  </span>
                  <AppChip appId={thread.effective_owner_app_id} nobody="Nobody answers" />
                </button>
              </li>
            ))}
          </ul>
        )}
        {data.next_cursor !== null && (
          <p className="inbox-more faint">
            The newest {threadsMax} threads. <Link to={scope.to('/threads')}>All are in Threads</Link>.
          </p>
        )}
      </section>
      {pageId === undefined || psid === undefined ? (
        <Empty icon={MousePointerClick} title="Choose a thread">
          The keys j and k go through the list, Enter opens one.
        </Empty>
      ) : (
        <Opened key={chosen} pageId={pageId} psid={psid} />
      )}
    </div>
  );
}

function Opened({ pageId, psid }: { pageId: string; psid: string }) {
  const scope = useScope();
  const { nameOf } = useApps();
  const { data: session } = useQuery(sessionQuery);
  const { data: apps = [] } = useQuery(appsQuery);
  const { data: connections } = useQuery(connectionsQuery(pageId));
  const { data: thread, error, refetch } = useQuery(threadQuery(pageId, psid));
  const { data: events } = useQuery(eventsQuery(pageId, psid));
  const now = useNow(60_000);
  const box = useRef<HTMLElement>(null);
  const count = events?.length ?? 0;
  useEffect(() => {
    const conversation = box.current?.querySelector('.conversation');
    if (conversation != null) conversation.scrollTop = conversation.scrollHeight;
  }, [count]);
  if (error !== null && thread === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (thread === undefined || events === undefined || connections === undefined) return <Skeleton lines={8} />;
  const person = thread.name ?? `Person ${psid.slice(-4)}`;
  const may = answering(thread, connections, inboxIds(apps), session?.role ?? 'viewer', now, nameOf);
  return (
    <section ref={box} className="inbox-thread" aria-label={`Conversation with ${person}`}>
      <header className="inbox-thread-head">
        <ChannelMark channel={thread.channel} />
        <h2 className="ellipsis">{person}</h2>
        <StateBadge state={thread.state} />
        <AppChip appId={thread.effective_owner_app_id} />
        <Link to={scope.to(`/threads/${pageId}/${psid}`)}>Details</Link>
        <Moves thread={thread} inboxId={may.may ? may.inboxId : null} takesFrom={may.may ? may.takesFrom : null} />
      </header>
      <Conversation steps={stepsOf(events)} names={{ person, nameOf }} current={events.length - 1} />
      <Composer thread={thread} answering={may} />
    </section>
  );
}

type Move = { action: 'take'; app_id: string } | { action: 'release' };

interface MovesProps {
  readonly thread: Thread;
  readonly inboxId: string | null;
  readonly takesFrom: string | null;
}

/** Move to Main takes control without writing; Done ends the conversation. */
function Moves({ thread, inboxId, takesFrom }: MovesProps) {
  const client = useQueryClient();
  const toasts = useToasts();
  const { nameOf } = useApps();
  const move = useMutation({
    mutationFn: (what: Move) =>
      api.post<Change>(path`/threads/${thread.page_id}/${thread.psid}/control`, {
        ...what,
        if_version: thread.version,
      }),
    onSuccess: ({ after }) =>
      toasts.say(
        after.owner_app_id === null
          ? 'Done: the thread is released, and what the person does next is routed anew.'
          : `${nameOf(after.owner_app_id)} has the thread now.`,
        'good',
      ),
    onError: toasts.fail,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.thread(thread.page_id, thread.psid) }),
        client.invalidateQueries({ queryKey: keysOfInbox }),
      ]),
  });
  const owns = thread.owner_app_id !== null && thread.owner_app_id === inboxId;
  return (
    <div className="inbox-moves">
      <Button
        disabled={inboxId === null || owns || move.isPending}
        title={
          takesFrom === null
            ? 'The inbox takes this conversation'
            : `Takes control from ${nameOf(takesFrom)}, which is told`
        }
        onClick={() => inboxId !== null && move.mutate({ action: 'take', app_id: inboxId })}
      >
        <CornerUpLeft aria-hidden /> Move to Main
      </Button>
      <Button
        disabled={!owns || move.isPending}
        title={owns ? 'Ends the conversation: the thread is released' : 'Only a thread that the inbox has can be done'}
        onClick={() => move.mutate({ action: 'release' })}
      >
        <Check aria-hidden /> Done
      </Button>
    </div>
  );
}
