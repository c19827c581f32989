import { hash } from 'node:crypto';
import { appId, mid, type AppId, type Mid } from '../domain/ids.js';
import type { Cause, LogRow } from '../domain/log.js';
import type { MessageTag } from '../domain/thread/thread.events.js';
import { parseJson, toWireJson } from '../domain/wire-json.js';
import type { Outcome, SubmittedEvent } from './submission.js';
import type { ThreadRouter } from './thread-router.js';

/*
 * A send through the platform is three steps: the intent is committed, with control checked; the platform is called; the
 * outcome is committed. What was asked for is kept with the intent, so that whoever learns of the outcome first, the
 * caller from the answer or anybody from the echo, commits the same rows, once.
 */

/** What a send does to control once its message is accepted. `targetAppId` null: to the default app. */
export type ControlChange =
  { readonly type: 'pass'; readonly targetAppId: AppId | null } | { readonly type: 'release' };

/** What an app asked to be sent. */
export interface Intent {
  readonly callerAppId: AppId;
  readonly tag: MessageTag | null;
  readonly control: ControlChange | null;
  /** The echo as far as it is known: an item of `entry[].messaging[]` without a message id. */
  readonly item: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** The intent as the log keeps it, in the payload of its `app.send`. */
export function intentPayload({ tag, control, item }: Omit<Intent, 'callerAppId'>): string {
  return toWireJson({
    ...item,
    ...(tag !== null && { tag }),
    ...(control !== null && {
      thread_control:
        control.type === 'pass'
          ? { control_type: 'pass', ...(control.targetAppId !== null && { app_id: control.targetAppId }) }
          : { control_type: 'release' },
    }),
  });
}

/** Null if the row is not an intent. */
export function intentOf(row: LogRow): Intent | null {
  const { callerAppId, facts } = row.event;
  if (row.type !== 'app.send' || row.refusal !== null || !facts.includes('intent')) return null;
  if (row.payload === null || callerAppId === null) return null;
  // Written by `intentPayload` and by nobody else.
  const { tag, thread_control, ...item } = parseJson(row.payload) as Fields & {
    tag?: MessageTag;
    thread_control?: { control_type: 'pass' | 'release'; app_id?: string };
  };
  return { callerAppId, tag: tag ?? null, control: controlOf(thread_control), item };
}

function controlOf(given: { control_type: 'pass' | 'release'; app_id?: string } | undefined): ControlChange | null {
  if (given === undefined) return null;
  if (given.control_type === 'release') return { type: 'release' };
  return { type: 'pass', targetAppId: given.app_id === undefined ? null : appId(given.app_id) };
}

/** Where control goes with a message, as an event. */
export function controlEvent(callerAppId: AppId, change: ControlChange, sourceId: string): SubmittedEvent {
  return {
    event:
      change.type === 'pass'
        ? { type: 'control.pass', callerAppId, targetAppId: change.targetAppId, metadata: null }
        : { type: 'control.release', callerAppId },
    sourceId,
    occurredAt: null,
  };
}

/** What becomes of an intent once its message is out. `payload` is the echo. */
export function sentEvents(intent: Intent, row: LogRow, mid: Mid, payload: string): SubmittedEvent[] {
  const { callerAppId, tag, control } = intent;
  return [
    {
      event: { type: 'app.sent', callerAppId, tag, mid, payload },
      sourceId: sentSourceId(mid),
      // Answer and echo have to agree on the day, or both would be kept.
      occurredAt: row.occurredAt,
    },
    ...(control === null ? [] : [controlEvent(callerAppId, control, `control.${control.type}:${row.lane}-${row.id}`)]),
  ];
}

/** A message goes out once, so its id makes the event itself. */
export function sentSourceId(messageId: Mid): string {
  return `app.sent:${/^[\x21-\x7e]{1,300}$/.test(messageId) ? messageId : hash('sha256', messageId, 'base64url')}`;
}

/**
 * Commits that the message of an intent is out, and what it does to control. If control may no longer be moved, since the
 * thread has gone elsewhere meanwhile, that is in the log as a refusal, and the message is out all the same.
 */
export async function commitSent(
  router: ThreadRouter,
  row: LogRow,
  intent: Intent,
  mid: Mid,
  payload: string,
): Promise<Outcome> {
  const [sent, ...control] = sentEvents(intent, row, mid, payload);
  if (sent === undefined) throw new Error('a message that is out is at least that');
  const key = { pageId: row.pageId, psid: row.psid };
  const cause: Cause = {
    by: 'app',
    appId: intent.callerAppId,
    sendId: row.id,
    ...(row.cause.traceId !== undefined && { traceId: row.cause.traceId }),
  };
  const submit = (events: readonly SubmittedEvent[]) =>
    router.dispatch({ key, channel: row.thread.channel, events, cause });
  const outcome = await submit([sent, ...control]);
  if (control.length === 0) return outcome;
  const isOut = 'rows' in outcome && outcome.rows.some(({ type }) => type === 'app.sent');
  return isOut ? outcome : submit([sent]);
}

/** The message's id, from its echo. */
export function midOf({ payload }: Pick<LogRow, 'payload'>): Mid | null {
  if (payload === null) return null;
  const { message } = parseJson(payload) as { message?: { mid?: string } };
  return message?.mid === undefined ? null : mid(message.mid);
}

/** The echo of an intent's message, once its id is known. Keys in the order of the platform's. */
export function echoOf({ item }: Intent, messageId: Mid): string {
  return toWireJson({ ...item, message: { mid: messageId, ...(item['message'] as Fields) } });
}

/** The platform's echo of an intent's message as apps know it: with the app that wrote it, and that app's own metadata. */
export function restoreEcho(intent: Intent, echo: Fields): string {
  // Left out where the channel's echoes have neither.
  const { app_id, metadata } = intent.item['message'] as Fields;
  return toWireJson({ ...echo, message: { ...(echo['message'] as Fields), app_id, metadata } });
}

const referencePattern = /^signalbox:([0-9a-zA-Z]+)-(\d{1,3})-(\d{1,15})$/;

/** Our id of a message, which travels in its metadata: names the intent's row. */
export function referenceOf(incarnation: string, row: Pick<LogRow, 'lane' | 'id'>): string {
  return `signalbox:${incarnation}-${row.lane}-${row.id}`;
}

/** Null: the metadata is not ours. */
export function readReference(metadata: unknown): { incarnation: string; lane: number; id: number } | null {
  const [, incarnation, lane, id] = (typeof metadata === 'string' ? referencePattern.exec(metadata) : null) ?? [];
  return incarnation === undefined ? null : { incarnation, lane: Number(lane), id: Number(id) };
}
