import { useMutation, useQuery } from '@tanstack/react-query';
import { ChevronLeft, ExternalLink, Smartphone } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { api } from '../../api/client.js';
import { eventsQuery, pagesQuery, sessionQuery, threadQuery } from '../../api/queries.js';
import type { InspectorTicket, Thread } from '../../api/types.js';
import { useScope } from '../../app/scope.js';
import { Countdown } from '../../clock/time.js';
import { AppChip, useApps } from '../../ui/app-chip.js';
import { StateBadge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { ChannelMark } from '../../ui/channel-mark.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { CustomerPhone } from '../customer/customer-phone.js';
import { EntryPointText } from '../threads/entry-point.js';
import { AppColumns } from './app-columns.js';
import { Conversation } from './conversation.js';
import { isPhoneBeside, keepPhoneBeside } from './phone-beside.js';
import { SequenceDiagram } from './sequence-diagram.js';
import { Statechart } from './statechart.js';
import { stepsOf, type Step } from './story.js';
import { ThreadActions } from './thread-actions.js';
import { TimeSlider } from './time-slider.js';
import { Timeline } from './timeline.js';
import './thread.css';

const views = [
  { id: 'statechart', name: 'Statechart' },
  { id: 'sequence', name: 'Sequence' },
  { id: 'apps', name: 'What apps got' },
] as const;
const sides = [
  { id: 'timeline', name: 'Timeline' },
  { id: 'conversation', name: 'Conversation' },
] as const;

export function Component() {
  const { pageId = '', psid = '' } = useParams();
  const { data: thread, error, refetch } = useQuery(threadQuery(pageId, psid));
  const events = useQuery(eventsQuery(pageId, psid));
  const steps = useMemo(() => stepsOf(events.data ?? []), [events.data]);
  if (error !== null && thread === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (events.error !== null && events.data === undefined) {
    return <Failure error={events.error} retry={() => void events.refetch()} />;
  }
  if (thread === undefined || events.data === undefined) return <Skeleton lines={8} />;
  return <ThreadScreen key={`${pageId}/${psid}`} thread={thread} steps={steps} />;
}

function ThreadScreen({ thread, steps }: { thread: Thread; steps: readonly Step[] }) {
  const [parameters, setParameters] = useSearchParams();
  const { data: session } = useQuery(sessionQuery);
  const [beside, setBeside] = useState(isPhoneBeside);
  const { nameOf } = useApps();
  const names = useMemo(() => ({ person: thread.name ?? 'The person', nameOf }), [thread.name, nameOf]);
  const put = (name: string, value: string | null) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const chosen = steps.findIndex(({ entry }) => entry.id === parameters.get('at'));
  const live = chosen === -1;
  const current = live ? steps.length - 1 : chosen;
  const step = steps[current] ?? null;
  // Now, the thread as it stands, overdue deadlines included; at a moment before, as the log has it.
  const shown =
    live || step === null
      ? {
          state: thread.state,
          owner: thread.owner_app_id,
          expiresAt: thread.expires_at,
          entryPoint: thread.entry_point,
        }
      : {
          state: step.entry.state,
          owner: step.entry.owner_app_id,
          expiresAt: step.entry.expires_at,
          entryPoint: step.entry.entry_point,
        };
  const move = (index: number | null) => put('at', index === null ? null : (steps[index]?.entry.id ?? null));
  const view = views.find(({ id }) => id === parameters.get('view'))?.id ?? 'statechart';
  const side = sides.find(({ id }) => id === parameters.get('side'))?.id ?? 'timeline';
  // Only the emulator's people have a phone here.
  const emulator = session?.mode === 'emulator';
  const phone = emulator && beside;
  const story = { pageId: thread.page_id, psid: thread.psid, steps, names, current };
  return (
    <div className="thread-screen">
      <Head
        thread={thread}
        actions={
          emulator && (
            <Button
              aria-pressed={phone}
              title={phone ? "Put the person's phone away" : "Show the person's phone beside the thread"}
              onClick={() => {
                keepPhoneBeside(!phone);
                setBeside(!phone);
              }}
            >
              <Smartphone aria-hidden /> Phone
            </Button>
          )
        }
      >
        <Fact name="State">
          <StateBadge state={shown.state} />
        </Fact>
        <Fact name="Owner">
          <AppChip appId={shown.owner} />
        </Fact>
        <Fact name="Came through">
          <EntryPointText entryPoint={shown.entryPoint} />
        </Fact>
        <Fact name={live ? 'Released in' : 'Deadline then'}>
          {shown.expiresAt === null ? '–' : <Countdown until={shown.expiresAt} />}
        </Fact>
        <Fact name="May be written to">
          {thread.window_expires_at === null ? 'not yet' : <Countdown until={thread.window_expires_at} />}
        </Fact>
      </Head>
      <TimeSlider steps={steps} current={current} live={live} onMove={move} />
      <div className="thread-panels" data-phone={phone}>
        <section className="panel thread-panel" aria-label="View">
          <div className="tabs-row">
            <Tabs tabs={views} selected={view} onSelect={(id) => put('view', id)} label="View" />
            <InspectButton thread={thread} />
          </div>
          <div className="thread-panel-body">
            {view === 'statechart' && (
              <Statechart state={shown.state} ownerAppId={shown.owner} expiresAt={shown.expiresAt} step={step} />
            )}
            {view === 'sequence' && <SequenceDiagram {...story} />}
            {view === 'apps' && <AppColumns {...story} />}
          </div>
        </section>
        <section className="panel thread-panel" aria-label="Story">
          <div className="tabs-row">
            <Tabs tabs={sides} selected={side} onSelect={(id) => put('side', id)} label="Story" />
          </div>
          <div className="thread-panel-body">
            {side === 'timeline' && (
              <Timeline
                steps={steps}
                names={names}
                current={current}
                onSelect={(index) => move(index === steps.length - 1 ? null : index)}
              />
            )}
            {side === 'conversation' && <Conversation steps={steps} names={names} current={current} />}
          </div>
        </section>
        {phone && (
          <div className="thread-phone">
            <CustomerPhone pageId={thread.page_id} psid={thread.psid} channel={thread.channel} />
          </div>
        )}
      </div>
    </div>
  );
}

function Head({ thread, actions, children }: { thread: Thread; actions: ReactNode; children: ReactNode }) {
  const scope = useScope();
  const { data: pages } = useQuery(pagesQuery);
  const page = pages?.find(({ page_id }) => page_id === thread.page_id);
  return (
    <header className="thread-head">
      <Link
        className="button"
        data-kind="quiet"
        data-icon="true"
        to={scope.to('/threads')}
        aria-label="All threads"
        title="All threads"
      >
        <ChevronLeft aria-hidden />
      </Link>
      <div className="thread-who">
        <h1>
          <ChannelMark channel={thread.channel} />
          <span className="ellipsis">{thread.name ?? thread.psid}</span>
        </h1>
        <span className="faint ellipsis">
          {thread.name != null && <span className="mono">{thread.psid} · </span>}
          {page?.name ?? thread.page_id}
        </span>
      </div>
      <dl className="thread-facts">{children}</dl>
      <div className="thread-actions">
        {actions}
        <ThreadActions thread={thread} />
      </div>
    </header>
  );
}

/** The page around the hosted XState inspector, or what to do if this server has none; a ticket lets it in once. */
function InspectButton({ thread }: { thread: Thread }) {
  const toasts = useToasts();
  const inspect = useMutation({
    mutationFn: () => api.post<InspectorTicket>('/inspector/tickets', { page_id: thread.page_id, psid: thread.psid }),
    onSuccess: ({ stately_url }) => window.open(stately_url, '_blank', 'noopener,noreferrer'),
    onError: toasts.fail,
  });
  return (
    <Button kind="quiet" size="small" disabled={inspect.isPending} onClick={() => inspect.mutate()}>
      <ExternalLink aria-hidden />
      Open in the XState inspector
    </Button>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface TabsProps<Id extends string> {
  readonly tabs: readonly { readonly id: Id; readonly name: string }[];
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
  readonly label: string;
}

function Tabs<Id extends string>({ tabs, selected, onSelect, label }: TabsProps<Id>) {
  return (
    <div className="tabs" role="tablist" aria-label={label}>
      {tabs.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          role="tab"
          className="tab"
          aria-selected={id === selected}
          onClick={() => onSelect(id)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
