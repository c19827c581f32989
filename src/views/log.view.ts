import { z } from 'zod';
import type { LogRow } from '../domain/log.js';
import type { Notice } from '../domain/notice.js';
import type { MessageText } from '../domain/role.js';
import { refusalReasons, type Refusal } from '../domain/thread/refusal.js';
import { threadStates } from '../domain/thread/thread.js';
import { parseJson } from '../domain/wire-json.js';
import { instant, instantOrNull, instantSchema } from './instant.js';
import { redactedPayload, redactedText } from './redaction.js';
import { entryPointSchema, entryPointView } from './thread.view.js';

export const refusalSchema = z.object({
  reason: z.enum(refusalReasons),
  state: z.enum(threadStates),
  effective_owner_app_id: z.string().nullable(),
  owner_since: instantSchema.nullable(),
  expires_at: instantSchema.nullable(),
  window_expires_at: instantSchema.nullable(),
});

export const noticeSchema = z.object({
  app_id: z.string(),
  kind: z.enum(['event', 'pass', 'take']).describe('The event itself, or a thread control webhook.'),
  field: z.enum(['messaging', 'standby']).describe('The list of the webhook entry it is delivered in.'),
  without: z
    .enum(['payload', 'referral', 'payload_and_referral'])
    .nullable()
    .describe('A part of the event this app does not see.'),
  previous_owner_app_id: z.string().nullable(),
  new_owner_app_id: z.string().nullable(),
  metadata: z.string().nullable(),
});

/** A row of the log in answers: one event of a thread and what followed from it. */
export const logEntrySchema = z.object({
  id: z.string().describe('Lane and position: rows of one thread are in one lane, in order.'),
  page_id: z.string(),
  psid: z.string(),
  type: z.string(),
  source_id: z.string(),
  at: instantSchema.describe('When it was decided.'),
  occurred_at: instantSchema.describe("When it happened, by the platform's clock."),
  outcome: z.enum(['applied', 'refused']),
  refusal: refusalSchema.nullable(),
  state: z.enum(threadStates).describe('After the event.'),
  owner_app_id: z.string().nullable().describe('After the event.'),
  previous_owner_app_id: z.string().nullable().describe('After the event.'),
  entry_point: entryPointSchema.nullable().describe('After the event.'),
  expires_at: instantSchema.nullable().describe('After the event.'),
  version: z.int().describe('After the event.'),
  facts: z.array(z.string()).describe('What was true when it was decided.'),
  assignee_app_id: z.string().nullable().describe('The app an entry point routes to.'),
  caller_app_id: z.string().nullable(),
  target_app_id: z.string().nullable(),
  cause: z.object({
    by: z.enum(['person', 'app', 'operator', 'timer', 'system']),
    app_id: z.string().nullable(),
    reason: z.string().nullable(),
    trace_id: z.string().nullable(),
    skipped_app_id: z.string().nullable().describe('An app that a route names but that is not connected.'),
  }),
  notices: z.array(noticeSchema).describe('Who is told what.'),
  payload: z
    .unknown()
    .describe(
      'The item of `entry[].messaging[]`, without what was said for a viewer; null for events that carry none.',
    ),
  payload_removed: z.boolean().describe('Whether there was a payload that is no longer kept, because of its age.'),
});
export type LogEntryView = z.infer<typeof logEntrySchema>;

/** A row's id in answers: unlike the position alone, it names the row. */
export function logEntryId({ lane, id }: Pick<LogRow, 'lane' | 'id'>): string {
  return `${lane}-${id}`;
}

export function logEntryView(row: LogRow, text: MessageText): LogEntryView {
  return {
    id: logEntryId(row),
    page_id: row.pageId,
    psid: row.psid,
    type: row.type,
    source_id: row.sourceId,
    at: instant(row.at),
    occurred_at: instant(row.occurredAt),
    outcome: row.refusal === null ? 'applied' : 'refused',
    refusal: row.refusal === null ? null : refusalView(row.refusal),
    state: row.thread.state,
    owner_app_id: row.thread.ownerAppId,
    previous_owner_app_id: row.thread.previousOwnerAppId,
    entry_point: entryPointView(row.thread.entryPoint),
    expires_at: instantOrNull(row.thread.deadlineAt),
    version: row.thread.version,
    facts: [...row.event.facts],
    assignee_app_id: row.event.assigneeAppId,
    caller_app_id: row.event.callerAppId,
    target_app_id: row.event.targetAppId,
    cause: {
      by: row.cause.by,
      app_id: row.cause.appId ?? null,
      reason: row.cause.reason ?? null,
      trace_id: row.cause.traceId ?? null,
      skipped_app_id: row.cause.skippedAppId ?? null,
    },
    notices: row.notices.map((notice) => noticeView(notice, text)),
    payload: row.payload === null ? null : payloadView(row.payload, text),
    payload_removed: row.payloadRemoved === true,
  };
}

function payloadView(payload: string, text: MessageText): unknown {
  const parsed = parseJson(payload);
  return text === 'shown' ? parsed : redactedPayload(parsed);
}

export function refusalView(refusal: Refusal): z.infer<typeof refusalSchema> {
  return {
    reason: refusal.reason,
    state: refusal.state,
    effective_owner_app_id: refusal.effectiveOwnerAppId,
    owner_since: instantOrNull(refusal.ownerSince),
    expires_at: instantOrNull(refusal.expiresAt),
    window_expires_at: instantOrNull(refusal.windowExpiresAt),
  };
}

export function noticeView(notice: Notice, text: MessageText): z.infer<typeof noticeSchema> {
  return notice.kind === 'event'
    ? {
        app_id: notice.appId,
        kind: notice.kind,
        field: notice.field,
        without: notice.without,
        previous_owner_app_id: null,
        new_owner_app_id: null,
        metadata: null,
      }
    : {
        app_id: notice.appId,
        kind: notice.kind,
        field: 'messaging',
        without: null,
        previous_owner_app_id: notice.previousOwnerAppId,
        new_owner_app_id: notice.newOwnerAppId,
        // Apps may put there whatever the next one is to know of the conversation.
        metadata: notice.metadata !== null && text === 'redacted' ? redactedText : notice.metadata,
      };
}
