import { appId, laneOf, pageId, psid, type ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Channel } from '../domain/page.js';
import { machineVersion } from '../domain/thread/thread.machine.js';
import type { EntryPoint, Thread, ThreadState } from '../domain/thread/thread.js';

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

const milliseconds = (column: string) => `round(extract(epoch from ${column}) * 1000)::float8 as ${column}`;

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

/** One array a column, in the order of the commit statement. */
export function threadArrays(threads: readonly Thread[]): unknown[][] {
  return [
    threads.map(laneOf),
    threads.map((thread) => thread.pageId),
    threads.map((thread) => thread.psid),
    threads.map((thread) => thread.channel),
    threads.map((thread) => thread.state),
    threads.map((thread) => thread.ownerAppId),
    threads.map((thread) => thread.previousOwnerAppId),
    threads.map((thread) => jsonOrNull(thread.entryPoint)),
    threads.map((thread) => jsonOrNull(thread.pendingReferral)),
    threads.map((thread) => thread.ownerSince),
    threads.map((thread) => thread.lastUserEventAt),
    threads.map((thread) => thread.deadlineAt),
    threads.map((thread) => thread.lastAt),
    threads.map((thread) => thread.version),
    threads.map(() => machineVersion),
  ];
}

export const rowSelection = [
  'lane, id, page_id, psid, business_id, type, source_id, payload, event, cause, notices, refusal, thread',
  ...['at', 'occurred_at'].map(milliseconds),
].join(', ');

export interface RowRecord extends KeyRecord {
  lane: number;
  id: string;
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
  return {
    lane: record.lane,
    id: Number(record.id),
    pageId: pageId(record.page_id),
    psid: psid(record.psid),
    businessId: record.business_id,
    type: record.type as LogRow['type'],
    sourceId: record.source_id,
    at: record.at,
    occurredAt: record.occurred_at,
    payload: record.payload,
    event: JSON.parse(record.event) as LogRow['event'],
    cause: JSON.parse(record.cause) as LogRow['cause'],
    notices: JSON.parse(record.notices) as LogRow['notices'],
    refusal: record.refusal === null ? null : (JSON.parse(record.refusal) as LogRow['refusal']),
    thread: JSON.parse(record.thread) as Thread,
  };
}

/** One array a column, in the order of the commit statement. */
export function rowArrays(rows: readonly LogRow[]): unknown[][] {
  return [
    rows.map((row) => row.lane),
    rows.map((row) => row.id),
    rows.map((row) => row.pageId),
    rows.map((row) => row.psid),
    rows.map((row) => row.businessId),
    rows.map((row) => row.thread.version),
    rows.map((row) => row.type),
    rows.map((row) => row.sourceId),
    rows.map((row) => row.at),
    rows.map((row) => row.occurredAt),
    rows.map((row) => row.payload),
    rows.map((row) => JSON.stringify(row.event)),
    rows.map((row) => JSON.stringify(row.cause)),
    rows.map((row) => JSON.stringify(row.notices)),
    rows.map((row) => jsonOrNull(row.refusal)),
    rows.map((row) => JSON.stringify(row.thread)),
  ];
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
