import { threadName, type ThreadKey } from '../domain/ids.js';
import type { Cause, LogRow } from '../domain/log.js';
import { businessIdOf, type Page } from '../domain/page.js';
import { decide, explainRefusal, overdue, type Decision } from '../domain/thread/decide.js';
import { isUserEvent, type ThreadEvent } from '../domain/thread/thread.events.js';
import { newThread, type Thread } from '../domain/thread/thread.js';
import type { Configuration } from '../store/configuration.js';
import type { LaneBatch } from '../store/lane.store.js';
import type { Outcome, Submission } from './submission.js';
import type { CachedThread } from './thread-cache.js';

/** A submission with what is known of its thread. */
export interface Undecided {
  readonly submission: Submission;
  readonly lane: number;
  readonly cached: CachedThread;
}

/** What deciding needs from outside: where the lanes are, and the time. */
export interface Knowledge {
  readonly lastId: (lane: number) => number;
  /** When the person was erased, if they were a short time ago; milliseconds since 1970. */
  readonly erasedAt: (key: ThreadKey) => number | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a batch writes to one lane, and what is known of its threads once it is committed. */
export interface DecidedLane extends LaneBatch {
  readonly changes: ReadonlyMap<CachedThread, Thread>;
}

/** A batch of submissions as decided, not yet committed. */
export interface DecidedBatch {
  readonly lanes: readonly DecidedLane[];
  /** The outcome of each submission, in the same order, if the batch is committed. */
  readonly outcomes: readonly Outcome[];
}

class LaneDraft {
  readonly rows: LogRow[] = [];
  readonly changes = new Map<CachedThread, Thread>();

  constructor(
    readonly lane: number,
    readonly expected: number,
  ) {}
}

/**
 * Decides submissions in arrival order. Every lane that is touched is part of the batch, even without rows: the commit
 * then proves that the answer was not given on old knowledge.
 */
export function decideBatch(
  undecided: readonly Undecided[],
  configuration: Configuration,
  knowledge: Knowledge,
): DecidedBatch {
  const drafts = new Map<number, LaneDraft>();
  const outcomes = undecided.map(({ submission, lane, cached }) => {
    let draft = drafts.get(lane);
    if (draft === undefined) {
      draft = new LaneDraft(lane, knowledge.lastId(lane));
      drafts.set(lane, draft);
    }
    return decideSubmission(submission, cached, configuration, knowledge, draft);
  });
  return {
    lanes: [...drafts.values()].map(({ lane, expected, rows, changes }) => ({
      lane,
      expected,
      rows,
      threads: [...changes.values()],
      changes,
    })),
    outcomes,
  };
}

function decideSubmission(
  submission: Submission,
  cached: CachedThread,
  configuration: Configuration,
  knowledge: Knowledge,
  draft: LaneDraft,
): Outcome {
  const { key, events, cause } = submission;
  const page = configuration.pages.get(key.pageId);
  if (page === undefined) return { result: 'unknown_page' };
  const erasedAt = knowledge.erasedAt(key);
  if (erasedAt !== null && events.some(({ occurredAt }) => occurredAt !== null && occurredAt <= erasedAt)) {
    return { result: 'erased' };
  }

  let thread = draft.changes.get(cached) ?? cached.thread ?? null;
  if (thread === null) {
    const first = events[0]?.event;
    if (first === undefined || !isUserEvent(first)) return { result: 'unknown_person' };
    thread = newThread(key.pageId, key.psid, first.channel);
  }
  if (submission.channel !== null && submission.channel !== thread.channel) {
    return { result: 'wrong_channel', channel: thread.channel };
  }
  if (thread.channel === 'instagram' && page.instagramId === null) return { result: 'unknown_page' };

  const rows: LogRow[] = [];
  const log = (
    decision: Decision,
    more: { at: number; occurredAt: number; sourceId: string; event: ThreadEvent; cause: Cause },
  ) => {
    rows.push(toRow(draft.lane, draft.expected + draft.rows.length + rows.length + 1, decision, more, page));
  };

  for (let due = overdue(thread, page, knowledge.now); due !== null; due = overdue(thread, page, knowledge.now)) {
    const at = Math.max(due.at, thread.lastAt);
    const sourceId = `${due.event.type}:${threadName(key)}:${thread.version}`;
    const decision = decide(thread, due.event, page, at);
    const by = due.event.type === 'control.expired' ? 'timer' : 'system';
    log(decision, { at, occurredAt: at, sourceId, event: due.event, cause: { by } });
    thread = decision.thread;
  }
  const before = thread;
  const settled = rows.length;
  const keep = () => {
    draft.rows.push(...rows);
    // Nothing of a person who has done nothing is kept.
    if (rows.length > 0) draft.changes.set(cached, current);
  };

  let current: Thread = before;
  let kept: Thread = before;
  if (submission.ifVersion !== undefined && submission.ifVersion !== before.version) {
    keep();
    return { result: 'version_mismatch', thread: before };
  }
  const at = Math.max(knowledge.now, before.lastAt);
  const steps = submission.rehearsed === undefined ? events : [...events, ...submission.rehearsed];
  let index = 0;
  for (const { event, sourceId, occurredAt } of steps) {
    const decision = decide(current, event, page, at);
    const skipped = decision.assignment?.skippedAppId ?? null;
    const entry = {
      at,
      occurredAt: occurredAt ?? at,
      sourceId,
      event,
      cause: skipped === null ? cause : { ...cause, skippedAppId: skipped },
    };
    if (decision.refusal !== null) {
      // All or none: what was decided before it in this submission has not happened.
      rows.length = settled;
      current = { ...before, lastAt: at };
      const refusal = explainRefusal(decision.refusal.reason, before, event, page);
      log({ ...decision, refusal, thread: current }, entry);
      keep();
      return { result: 'refused', refusal, thread: before, rows: rows.slice(settled) };
    }
    current = decision.thread;
    index += 1;
    if (index > events.length) continue;
    log(decision, entry);
    kept = current;
  }
  current = kept;
  keep();
  return { result: 'applied', before, thread: current, rows: rows.slice(settled) };
}

function toRow(
  lane: number,
  id: number,
  decision: Decision,
  more: { at: number; occurredAt: number; sourceId: string; event: ThreadEvent; cause: Cause },
  page: Page,
): LogRow {
  return {
    lane,
    id,
    pageId: decision.thread.pageId,
    psid: decision.thread.psid,
    businessId: businessIdOf(page, decision.thread.channel),
    type: more.event.type,
    sourceId: more.sourceId,
    at: more.at,
    occurredAt: more.occurredAt,
    payload: 'payload' in more.event ? more.event.payload : null,
    event: decision.event,
    cause: more.cause,
    notices: decision.notices,
    refusal: decision.refusal,
    thread: decision.thread,
  };
}
