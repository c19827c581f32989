import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowRight, Ban, Bot, Clock4, Route, Unplug, User, type LucideIcon } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { LogEntry } from '../../api/types.js';
import { clockTime, fullMoment } from '../../clock/format.js';
import { AppChip, useApps } from '../../ui/app-chip.js';
import { receivedAs } from './sequence.js';
import type { Step } from './story.js';
import { kindOf, sentenceOf, type Names, type StepKind } from './words.js';

const icons: Readonly<Record<StepKind, LucideIcon>> = {
  person: User,
  app: Bot,
  control: Route,
  time: Clock4,
  refusal: Ban,
  system: Unplug,
};

interface Props {
  readonly steps: readonly Step[];
  readonly names: Names;
  /** The moment that is looked at: the index of its event. */
  readonly current: number;
  readonly onSelect: (index: number) => void;
}

/** Every event of the thread, oldest first, with what it changed and who was told. */
export function Timeline({ steps, names, current, onSelect }: Props) {
  const body = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler, which cannot follow it, is not used
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => body.current,
    estimateSize: () => 84,
    overscan: 6,
    getItemKey: (index) => steps[index]?.entry.id ?? index,
  });
  useEffect(() => {
    if (current >= 0) rows.scrollToIndex(current, { align: 'auto' });
  }, [current, rows]);
  return (
    <div ref={body} className="timeline" tabIndex={0} role="region" aria-label="Timeline">
      <ol style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const step = steps[index];
          if (step === undefined) return null;
          return (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              style={{ transform: `translateY(${start}px)` }}
              data-later={index > current}
            >
              <Entry step={step} names={names} selected={index === current} onSelect={() => onSelect(index)} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Entry({
  step,
  names,
  selected,
  onSelect,
}: {
  step: Step;
  names: Names;
  selected: boolean;
  onSelect: () => void;
}) {
  const { entry, ownerBefore, ownerChanged } = step;
  const kind = kindOf(step);
  const Icon = icons[kind];
  const at = Date.parse(entry.at);
  return (
    <article className="step" data-kind={kind} data-selected={selected}>
      <span className="step-icon">
        <Icon aria-hidden />
      </span>
      <div className="step-body">
        <p className="step-sentence">
          <button type="button" aria-pressed={selected} onClick={onSelect}>
            {sentenceOf(step, names)}
          </button>
        </p>
        <p className="step-owner">
          {ownerChanged ? (
            <>
              <AppChip appId={ownerBefore} /> <ArrowRight aria-label="then" /> <AppChip appId={entry.owner_app_id} />
            </>
          ) : (
            <AppChip appId={entry.owner_app_id} nobody="nobody owns it" />
          )}
          <span className="faint">{causeOf(entry)}</span>
        </p>
        {entry.notices.length > 0 && <Told entry={entry} />}
        {selected && <Details entry={entry} />}
      </div>
      <time dateTime={entry.at} title={fullMoment(at)}>
        {clockTime(at)}
      </time>
    </article>
  );
}

function causeOf({ cause, facts }: LogEntry): string {
  const reason = cause.reason === null ? '' : `: ${cause.reason}`;
  switch (cause.by) {
    case 'person':
      return facts.includes('hasAssignee') ? 'routed by how the person came' : '';
    case 'app':
      return `by a call of the app${reason}`;
    case 'operator':
      return `by an operator${reason}`;
    case 'timer':
      return `by its deadline${reason}`;
    case 'system':
      return `by the system${reason}`;
  }
}

const gotNames = {
  message: 'message',
  standby: 'standby',
  echo: 'echo',
  pass: 'gets control',
  take: 'loses control',
} as const;

function Told({ entry }: { entry: LogEntry }) {
  const apps = useApps();
  const got = new Map<string, string[]>();
  for (const notice of entry.notices) {
    got.set(notice.app_id, [...(got.get(notice.app_id) ?? []), gotNames[receivedAs(entry, notice)]]);
  }
  return (
    <ul className="step-told" aria-label="Who was told">
      {[...got].map(([appId, what]) => (
        <li key={appId} data-hue={apps.hueOf(appId)}>
          <b>{apps.nameOf(appId)}</b> {what.join(' + ')}
        </li>
      ))}
    </ul>
  );
}

function Details({ entry }: { entry: LogEntry }) {
  return (
    <dl className="step-details">
      <dt>Event</dt>
      <dd className="mono">
        {entry.type} · {entry.id} · version {entry.version}
      </dd>
      <dt>Facts</dt>
      <dd className="mono">{entry.facts.length === 0 ? '–' : entry.facts.join(', ')}</dd>
      {entry.cause.trace_id !== null && (
        <>
          <dt>Trace</dt>
          <dd className="mono">{entry.cause.trace_id}</dd>
        </>
      )}
      {entry.payload != null && (
        <>
          <dt>Payload</dt>
          <dd>
            <pre tabIndex={0}>{JSON.stringify(entry.payload, null, 2)}</pre>
          </dd>
        </>
      )}
    </dl>
  );
}
