import { hash } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The log with fewer bytes a row: the thread after the event in columns instead of JSON, what repeats in every row kept
 * short, and narrow indexes. Existing rows are carried over; their ids, times and payloads stay what they were.
 */
export class CompactLog1790100000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const partitions = (await queryRunner.query(`
      select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = 'log'::regclass
    `)) as Partition[];
    await queryRunner.query(`
      alter table log rename to wide_log;
      alter index log_pk rename to wide_log_pk;
      alter index log_source_id_key rename to wide_log_source_id_key;
      alter index log_thread rename to wide_log_thread;
    `);
    // Fixed widths first: a column after a text is found only by walking over it.
    await queryRunner.query(`
      create table log (
        id bigint not null,
        -- When it was decided, and when it happened by the platform's own timestamp.
        at timestamptz not null,
        occurred_at timestamptz not null,
        owner_since timestamptz,
        last_user_event_at timestamptz,
        deadline_at timestamptz,
        -- The day of occurred_at (UTC): a redelivery carries the same one.
        day date not null,
        version int not null,
        lane smallint not null,
        -- What the unique constraint compares instead of the long source ids: the first half of their SHA-256.
        source_hash uuid not null,
        page_id text not null,
        psid text not null,
        -- Null: the page's id.
        business_id text,
        type text not null,
        -- Null: type and message id of the payload.
        source_id text,
        payload text,
        event text not null,
        cause text not null,
        -- Null: nobody is told.
        notices text,
        -- Null: it was applied.
        refusal text,
        -- The thread after the event, with the columns of its times and its version above.
        channel text not null,
        state text not null,
        owner_app_id text,
        previous_owner_app_id text,
        entry_point text,
        pending_referral text,
        constraint log_pk primary key (lane, id, day),
        constraint log_source_key unique (lane, source_hash, day)
      ) partition by range (day);
      create index log_thread on log (lane, psid, id);
    `);
    for (const { name, bounds } of partitions) {
      await queryRunner.query(`alter table ${name} rename to wide_${name}`);
      await queryRunner.query(`create table ${name} partition of log ${bounds}`);
    }
    await copyRows(queryRunner);
    await queryRunner.query('drop table wide_log');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('the compact log cannot be widened again: restore a backup from before'));
  }
}

interface Partition {
  name: string;
  bounds: string;
}

const rowsAtOnce = 2_000;

async function copyRows(queryRunner: QueryRunner): Promise<void> {
  let after: [number, string] = [-1, '0'];
  for (;;) {
    const rows = (await queryRunner.query(
      `select lane, id, day::text, page_id, business_id, type, source_id, payload, event, notices, thread from wide_log
        where (lane, id) > ($1, $2) order by lane, id limit $3`,
      [...after, rowsAtOnce],
    )) as WideRow[];
    const last = rows.at(-1);
    if (last === undefined) return;
    await queryRunner.query(copyStatement, columnsOf(rows.map(narrow)));
    after = [last.lane, last.id];
  }
}

interface WideRow {
  lane: number;
  id: string;
  day: string;
  page_id: string;
  business_id: string;
  type: string;
  source_id: string;
  payload: string | null;
  event: string;
  notices: string;
  thread: string;
}

interface WideEvent {
  type: string;
  facts: string[];
  defaultAppId?: string;
  assigneeAppId?: string;
  callerAppId?: string;
  targetAppId?: string;
  entryPoint?: object;
}

interface WideNotice {
  kind: string;
  field?: string;
  appId: string;
  without?: string | null;
}

interface WideThread {
  channel: string;
  state: string;
  ownerAppId?: string;
  previousOwnerAppId?: string;
  entryPoint?: object;
  pendingReferral?: object;
  ownerSince?: number;
  lastUserEventAt?: number;
  deadlineAt?: number;
}

const factNames = [
  'defaultAppSet',
  'hasAssignee',
  'assigneeIsDefaultApp',
  'assigneeIsEffectiveOwner',
  'opensMessagingWindow',
  'callerConnected',
  'callerIsEffectiveOwner',
  'callerMayTakeControl',
  'humanAgentTag',
  'intent',
  'windowAllows',
  'markSeen',
  'hasTarget',
  'targetConnected',
  'targetIsCaller',
  'targetIsRecordedOwner',
  'deadlineReached',
  'ownerDisconnected',
];

/** What of a row takes another form, as the values of `copyStatement`. */
function narrow(row: WideRow): (string | number | null)[] {
  const event = JSON.parse(row.event) as WideEvent;
  const notices = JSON.parse(row.notices) as WideNotice[];
  const thread = JSON.parse(row.thread) as WideThread;
  return [
    row.lane,
    row.id,
    row.day,
    hash('sha256', row.source_id, 'hex').slice(0, 32),
    row.business_id === row.page_id ? null : row.business_id,
    row.source_id === impliedSourceId(row) ? null : row.source_id,
    JSON.stringify([
      event.type === row.type ? null : event.type,
      event.facts.reduce((bits, name) => bits | (1 << factNames.indexOf(name)), 0),
      event.defaultAppId ?? null,
      event.assigneeAppId ?? null,
      event.callerAppId ?? null,
      event.targetAppId ?? null,
      event.entryPoint ?? null,
    ]),
    notices.length === 0 ? null : JSON.stringify(notices.map(narrowNotice)),
    thread.channel,
    thread.state,
    thread.ownerAppId ?? null,
    thread.previousOwnerAppId ?? null,
    thread.entryPoint === undefined ? null : JSON.stringify(thread.entryPoint),
    thread.pendingReferral === undefined ? null : JSON.stringify(thread.pendingReferral),
    thread.ownerSince ?? null,
    thread.lastUserEventAt ?? null,
    thread.deadlineAt ?? null,
  ];
}

function impliedSourceId({ type, payload }: WideRow): string | null {
  const mid = payload === null ? undefined : /"mid":"([^"]*)"/.exec(payload)?.[1];
  return mid === undefined ? null : `${type}:${mid}`;
}

function narrowNotice(notice: WideNotice): string | WideNotice {
  if (notice.kind !== 'event') return notice;
  return [notice.field, notice.appId, notice.without].filter((part) => part != null).join(':');
}

function columnsOf(rows: (string | number | null)[][]): (string | number | null)[][] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null));
}

const copyStatement = `
  insert into log (lane, id, day, source_hash, page_id, psid, business_id, version, type, source_id, at, occurred_at, payload,
                   event, cause, notices, refusal, channel, state, owner_app_id, previous_owner_app_id, entry_point,
                   pending_referral, owner_since, last_user_event_at, deadline_at)
  select lane, id, day, n.source_hash, w.page_id, w.psid, n.business_id, w.version, w.type, n.source_id, w.at, w.occurred_at,
         w.payload, n.event, w.cause, n.notices, w.refusal, n.channel, n.state, n.owner_app_id, n.previous_owner_app_id,
         n.entry_point, n.pending_referral, to_timestamp(n.owner_since / 1000), to_timestamp(n.last_user_event_at / 1000),
         to_timestamp(n.deadline_at / 1000)
    from unnest($1::smallint[], $2::bigint[], $3::date[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::float8[], $16::float8[],
                $17::float8[])
         n (lane, id, day, source_hash, business_id, source_id, event, notices, channel, state, owner_app_id,
            previous_owner_app_id, entry_point, pending_referral, owner_since, last_user_event_at, deadline_at)
    join wide_log w using (lane, id, day)`;
