import { hash } from 'node:crypto';
import { appId, pageId, psid, type ThreadKey } from '../domain/ids.js';
import type { LoggedEvent, LogRow } from '../domain/log.js';
import type { Notice } from '../domain/notice.js';
import type { Channel } from '../domain/page.js';
import { factNames } from '../domain/thread/thread.events.js';
import type { EntryPoint, Thread, ThreadState } from '../domain/thread/thread.js';
import {
  bigint,
  boolean,
  date,
  integer,
  smallint,
  text,
  timestamptz,
  uuid,
  type ParameterColumn,
  type ParameterColumns,
} from './parameter-columns.js';

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

export const rowSelection = [
  'lane, id, version, page_id, psid, business_id, type, source_id, payload, event, cause, notices, refusal',
  'channel, state, owner_app_id, previous_owner_app_id, entry_point, pending_referral',
  ...['at', 'occurred_at', 'owner_since', 'last_user_event_at', 'deadline_at'].map(milliseconds),
].join(', ');

/** Stands in place of a payload that is too old to be kept. */
export const removedPayload = '';

export interface RowRecord extends Omit<ThreadRecord, 'last_at'> {
  lane: number;
  id: string;
  business_id: string | null;
  type: string;
  source_id: string | null;
  payload: string | null;
  event: string;
  cause: string;
  notices: string | null;
  refusal: string | null;
  at: number;
  occurred_at: number;
}

export function rowFrom(record: RowRecord): LogRow {
  const type = record.type as LogRow['type'];
  return {
    lane: record.lane,
    id: Number(record.id),
    ...keyFrom(record),
    businessId: record.business_id ?? record.page_id,
    type,
    sourceId: record.source_id ?? impliedSourceId(type, record.payload) ?? '',
    at: record.at,
    occurredAt: record.occurred_at,
    payload: record.payload === removedPayload ? null : record.payload,
    ...(record.payload === removedPayload && { payloadRemoved: true }),
    event: eventFrom(record.event, type),
    cause: JSON.parse(record.cause) as LogRow['cause'],
    notices: record.notices === null ? [] : (JSON.parse(record.notices) as StoredNotice[]).map(noticeFrom),
    refusal: record.refusal === null ? null : (JSON.parse(record.refusal) as LogRow['refusal']),
    thread: threadFrom({ ...record, last_at: record.at }),
  };
}

/** The columns of a log row. */
export const rowColumns = {
  lane: smallint((row) => row.lane),
  id: bigint((row) => row.id),
  day: date((row) => row.occurredAt),
  at: timestamptz((row) => row.at),
  occurred_at: timestamptz((row) => row.occurredAt),
  version: integer((row) => row.thread.version),
  source_hash: uuid((row) => sourceHash(row.sourceId)),
  page_id: text((row) => row.pageId),
  psid: text((row) => row.psid),
  business_id: text((row) => (row.businessId === row.pageId ? null : row.businessId)),
  type: text((row) => row.type),
  source_id: text(storedSourceId),
  payload: text((row) => row.payload),
  event: text((row) => storedEvent(row.event, row.type)),
  cause: text((row) => JSON.stringify(row.cause)),
  notices: text((row) => storedNotices(row.notices)),
  refusal: text((row) => jsonOrNull(row.refusal)),
  channel: text(({ thread }) => thread.channel),
  state: text(({ thread }) => thread.state),
  owner_app_id: text(({ thread }) => thread.ownerAppId),
  previous_owner_app_id: text(({ thread }) => thread.previousOwnerAppId),
  entry_point: text(({ thread }) => jsonOrNull(thread.entryPoint)),
  pending_referral: text(({ thread }) => jsonOrNull(thread.pendingReferral)),
  owner_since: timestamptz(({ thread }) => thread.ownerSince),
  last_user_event_at: timestamptz(({ thread }) => thread.lastUserEventAt),
  deadline_at: timestamptz(({ thread }) => thread.deadlineAt),
} satisfies ParameterColumns<LogRow>;

/** Whether a row is its thread's last one, which leaves the thread as it is among `newest`. */
export function newestColumn(newest: ReadonlySet<Thread>): ParameterColumn<LogRow> {
  return boolean(({ thread }) => newest.has(thread));
}

/*
 * Every byte of a row is written twice, to the table and to the write-ahead log, and that is much of what a commit costs.
 * So what a row has in another column is left out, and what repeats in every row is kept short.
 */

/** What the unique index holds of a source id, as sixteen bytes in hexadecimal: the ids themselves are long. */
export function sourceHash(sourceId: string): string {
  return hash('sha256', sourceId, 'hex').slice(0, 32);
}

/** The source id of most events: their kind and the message id that their payload has. */
function impliedSourceId(type: LogRow['type'], payload: string | null): string | null {
  const opening = '"mid":"';
  const at = payload?.indexOf(opening) ?? -1;
  if (payload === null || at === -1) return null;
  const from = at + opening.length;
  return `${type}:${payload.slice(from, payload.indexOf('"', from))}`;
}

/** Null: the implied one. One that the database could not hold is refused as it would refuse it. */
function storedSourceId({ sourceId, type, payload }: LogRow): string | null {
  if (sourceId === impliedSourceId(type, payload)) return null;
  if (!/[\x00-\x1f]/.test(sourceId)) return sourceId;
  throw Object.assign(new Error('a source id contains control characters'), { code: '22021' });
}

/** The type, if it is not the row's; the facts as bits in the order of `factNames`; then the values. */
type StoredEvent = [
  type: LoggedEvent['type'] | null,
  facts: number,
  defaultAppId: LoggedEvent['defaultAppId'],
  assigneeAppId: LoggedEvent['assigneeAppId'],
  callerAppId: LoggedEvent['callerAppId'],
  targetAppId: LoggedEvent['targetAppId'],
  entryPoint: LoggedEvent['entryPoint'],
];

function storedEvent(event: LoggedEvent, rowType: LogRow['type']): string {
  let facts = 0;
  for (const name of event.facts) facts |= factBit(name);
  return JSON.stringify([
    event.type === rowType ? null : event.type,
    facts,
    event.defaultAppId,
    event.assigneeAppId,
    event.callerAppId,
    event.targetAppId,
    event.entryPoint,
  ] satisfies StoredEvent);
}

function eventFrom(stored: string, rowType: LogRow['type']): LoggedEvent {
  const [type, bits, defaultAppId, assigneeAppId, callerAppId, targetAppId, entryPoint] = JSON.parse(
    stored,
  ) as StoredEvent;
  return {
    // Only a deadline's row has an event of another name.
    type: type ?? (rowType as LoggedEvent['type']),
    facts: factNames.filter((name) => (bits & factBit(name)) !== 0),
    defaultAppId,
    assigneeAppId,
    callerAppId,
    targetAppId,
    entryPoint,
  };
}

const factBits = new Map(factNames.map((name, index) => [name, 1 << index]));
const factBit = (name: LoggedEvent['facts'][number]) => factBits.get(name) ?? 0;

type EventNotice = Extract<Notice, { kind: 'event' }>;
/** A copy of the event as `<field>:<app>`, with what is hidden from the app if anything is; or a handover in full. */
type StoredNotice = string | Exclude<Notice, EventNotice>;

function storedNotices(notices: readonly Notice[]): string | null {
  if (notices.length === 0) return null;
  return JSON.stringify(notices.map(storedNotice));
}

function storedNotice(notice: Notice): StoredNotice {
  if (notice.kind !== 'event') return notice;
  const { field, appId, without } = notice;
  return without === null ? `${field}:${appId}` : `${field}:${appId}:${without}`;
}

function noticeFrom(stored: StoredNotice): Notice {
  if (typeof stored !== 'string') return stored;
  const [field, app, without = null] = stored.split(':');
  return {
    kind: 'event',
    appId: appId(app ?? ''),
    field: field as EventNotice['field'],
    without: without as EventNotice['without'],
  };
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
