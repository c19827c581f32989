import { appId, laneOf, pageId, psid, type ThreadKey } from '../domain/ids.js';
import type { LoggedEvent, LogRow } from '../domain/log.js';
import type { Notice } from '../domain/notice.js';
import type { Channel } from '../domain/page.js';
import { machineVersion } from '../domain/thread/thread.machine.js';
import { newThread, type EntryPoint, type Thread, type ThreadState } from '../domain/thread/thread.js';

/*
 * Between rows and domain values. Casts in this file are at the boundary to the database, which holds only what the
 * domain has written; times are milliseconds since 1970 on our side and timestamptz on the other.
 */

export interface KeyRecord {
  page_id: string;
  psid: string;
}

export function keyFrom(record: KeyRecord): ThreadKey {
  return { pageId: pageId(record.page_id), psid: psid(record.psid) };
}

/** A timestamptz column as milliseconds since 1970. */
export const milliseconds = (column: string) => `round(extract(epoch from ${column}) * 1000)::float8 as ${column}`;

export const threadSelection = [
  't.page_id, t.psid, channel, state, owner_app_id, previous_owner_app_id, entry_point, pending_referral, version',
  ...['owner_since', 'last_user_event_at', 'deadline_at', 'last_at'].map(milliseconds),
].join(', ');

export interface ThreadRecord extends KeyRecord {
  channel: string;
  state: string;
  owner_app_id: string | null;
  previous_owner_app_id: string | null;
  entry_point: string | null;
  pending_referral: string | null;
  owner_since: number | null;
  last_user_event_at: number | null;
  deadline_at: number | null;
  last_at: number;
  version: number;
}

export function threadFrom(record: ThreadRecord): Thread {
  return {
    pageId: pageId(record.page_id),
    psid: psid(record.psid),
    channel: record.channel as Channel,
    state: record.state as ThreadState,
    ownerAppId: record.owner_app_id === null ? null : appId(record.owner_app_id),
    previousOwnerAppId: record.previous_owner_app_id === null ? null : appId(record.previous_owner_app_id),
    entryPoint: entryPointFrom(record.entry_point),
    ownerSince: record.owner_since,
    lastUserEventAt: record.last_user_event_at,
    pendingReferral: entryPointFrom(record.pending_referral),
    deadlineAt: record.deadline_at,
    version: record.version,
    lastAt: record.last_at,
  };
}

function entryPointFrom(text: string | null): EntryPoint | null {
  return text === null ? null : (JSON.parse(text) as EntryPoint);
}

/** The columns of threads, in the order of the commit statement. */
export function threadColumns(threads: readonly Thread[]): string[] {
  return [
    numbers(threads, laneOf),
    texts(threads, (thread) => thread.pageId),
    texts(threads, (thread) => thread.psid),
    texts(threads, (thread) => thread.channel),
    texts(threads, (thread) => thread.state),
    texts(threads, (thread) => thread.ownerAppId),
    texts(threads, (thread) => thread.previousOwnerAppId),
    texts(threads, (thread) => jsonOrNull(thread.entryPoint)),
    texts(threads, (thread) => jsonOrNull(thread.pendingReferral)),
    numbers(threads, (thread) => thread.ownerSince),
    numbers(threads, (thread) => thread.lastUserEventAt),
    numbers(threads, (thread) => thread.deadlineAt),
    numbers(threads, (thread) => thread.lastAt),
    numbers(threads, (thread) => thread.version),
    numbers(threads, () => machineVersion),
  ];
}

export const rowSelection = [
  'lane, id, version, page_id, psid, business_id, type, source_id, payload, event, cause, notices, refusal, thread',
  ...['at', 'occurred_at'].map(milliseconds),
].join(', ');

/** Stands in place of a payload that is too old to be kept. */
export const removedPayload = '';

export interface RowRecord extends KeyRecord {
  lane: number;
  id: string;
  version: number;
  business_id: string;
  type: string;
  source_id: string;
  payload: string | null;
  event: string;
  cause: string;
  notices: string;
  refusal: string | null;
  thread: string;
  at: number;
  occurred_at: number;
}

export function rowFrom(record: RowRecord): LogRow {
  const key = keyFrom(record);
  return {
    lane: record.lane,
    id: Number(record.id),
    ...key,
    businessId: record.business_id,
    type: record.type as LogRow['type'],
    sourceId: record.source_id,
    at: record.at,
    occurredAt: record.occurred_at,
    payload: record.payload === removedPayload ? null : record.payload,
    ...(record.payload === removedPayload && { payloadRemoved: true }),
    event: { ...noValues, ...(JSON.parse(record.event) as LoggedEvent) },
    cause: JSON.parse(record.cause) as LogRow['cause'],
    notices: (JSON.parse(record.notices) as Notice[]).map(noticeFrom),
    refusal: record.refusal === null ? null : (JSON.parse(record.refusal) as LogRow['refusal']),
    thread: imageFrom(key, record.thread, record.version, record.at),
  };
}

/** A thread as a log row stores it, after its event. */
export function imageFrom(key: ThreadKey, text: string, version: number, lastAt: number): Thread {
  const stored = JSON.parse(text) as Pick<Thread, 'channel'> & Partial<Thread>;
  return { ...newThread(key.pageId, key.psid, stored.channel), ...stored, version, lastAt };
}

/*
 * What is null, and what the row has in a column of its own, is left out of the stored JSON: that is half of it, and every
 * byte is written twice, to the table and to the write-ahead log.
 */
const noValues = { defaultAppId: null, assigneeAppId: null, callerAppId: null, targetAppId: null, entryPoint: null };

function storedEvent(event: LoggedEvent): string {
  return JSON.stringify({
    type: event.type,
    facts: event.facts,
    defaultAppId: event.defaultAppId ?? undefined,
    assigneeAppId: event.assigneeAppId ?? undefined,
    callerAppId: event.callerAppId ?? undefined,
    targetAppId: event.targetAppId ?? undefined,
    entryPoint: event.entryPoint ?? undefined,
  });
}

function storedNotices(notices: readonly Notice[]): string {
  return JSON.stringify(
    notices.map((notice) => (notice.kind === 'event' ? { ...notice, without: notice.without ?? undefined } : notice)),
  );
}

function noticeFrom(notice: Notice): Notice {
  return notice.kind === 'event' ? { ...notice, without: notice.without ?? null } : notice;
}

function storedThread(thread: Thread): string {
  return JSON.stringify({
    channel: thread.channel,
    state: thread.state,
    ownerAppId: thread.ownerAppId ?? undefined,
    previousOwnerAppId: thread.previousOwnerAppId ?? undefined,
    entryPoint: thread.entryPoint ?? undefined,
    ownerSince: thread.ownerSince ?? undefined,
    lastUserEventAt: thread.lastUserEventAt ?? undefined,
    pendingReferral: thread.pendingReferral ?? undefined,
    deadlineAt: thread.deadlineAt ?? undefined,
  });
}

/** The columns of log rows, in the order of the commit statement. */
export function rowColumns(rows: readonly LogRow[]): string[] {
  return [
    numbers(rows, (row) => row.lane),
    numbers(rows, (row) => row.id),
    texts(rows, (row) => row.pageId),
    texts(rows, (row) => row.psid),
    texts(rows, (row) => row.businessId),
    numbers(rows, (row) => row.thread.version),
    texts(rows, (row) => row.type),
    texts(rows, (row) => withoutControls(row.sourceId)),
    numbers(rows, (row) => row.at),
    numbers(rows, (row) => row.occurredAt),
    texts(rows, (row) => row.payload),
    texts(rows, (row) => storedEvent(row.event)),
    texts(rows, (row) => JSON.stringify(row.cause)),
    texts(rows, (row) => storedNotices(row.notices)),
    texts(rows, (row) => jsonOrNull(row.refusal)),
    texts(rows, (row) => storedThread(row.thread)),
  ];
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/*
 * A column goes to the server as one text that `string_to_array` splits there. An array literal would need every quote of
 * every JSON text escaped, which was the largest part of a commit. Control characters stand in none of the values: JSON
 * escapes them, and source ids are checked.
 */
const separator = '\x1f';
const nullText = '\x1e';

function texts<T>(items: readonly T[], value: (item: T) => string | null): string {
  return items.map((item) => value(item) ?? nullText).join(separator);
}

function numbers<T>(items: readonly T[], value: (item: T) => number | null): string {
  return items.map((item) => value(item) ?? '-').join(',');
}

/** A source id as it is; one that the database could not hold is refused as it would refuse it. */
function withoutControls(sourceId: string): string {
  if (!/[\x00-\x1f]/.test(sourceId)) return sourceId;
  throw Object.assign(new Error('a source id contains control characters'), { code: '22021' });
}
