import { Injectable } from '@nestjs/common';
import { laneOf, type Mid } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import { platformInboxes } from '../domain/page.js';
import { intentOf, readReference, restoreEcho, sentSourceId, type Intent } from '../routing/intent.js';
import type { Submission } from '../routing/submission.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { LaneStore } from '../store/lane.store.js';
import { dayOf } from '../store/log-partitions.js';
import { LogStore } from '../store/log.store.js';
import type { PendingEcho } from './webhook-body.js';

/** Whose message an echo is of. */
export type MatchedEcho =
  /** A message of one of our apps; `payload` is the echo as apps know it. */
  | {
      readonly kind: 'ours';
      readonly intent: Intent;
      readonly row: LogRow;
      readonly mid: Mid;
      readonly payload: string;
    }
  /** The same, and it has been told already. */
  | { readonly kind: 'told' }
  /** It bears our mark, but no such message was ever sent: it is from before the store was restored. */
  | { readonly kind: 'unknown_send' }
  /** Not ours: somebody answered past us. */
  | { readonly kind: 'events'; readonly submissions: readonly Submission[] };

const dayMs = 24 * 60 * 60 * 1000;
/** An intent that has had no outcome for so long gets none from an echo without reference. */
const openForMs = 10 * 60 * 1000;
/** Of a thread's newest rows, how many are looked through for open intents. */
const newestRows = 50;

/**
 * Finds out who wrote what the platform echoes. On Messenger our reference is in the message's metadata. Instagram's
 * echoes carry none: there it is the message id, or, before the platform has answered the call, the same content as an
 * intent that is still open.
 */
@Injectable()
export class EchoMatcher {
  constructor(
    private readonly log: LogStore,
    private readonly lanes: LaneStore,
    private readonly configuration: ConfigurationCache,
  ) {}

  async match(echo: PendingEcho): Promise<MatchedEcho> {
    const message = echo.item['message'] as Fields;
    const reference = readReference(message['metadata']);
    if (reference !== null) {
      const { incarnation } = this.configuration.current();
      const row = reference.incarnation === incarnation ? await this.log.findRow(reference.lane, reference.id) : null;
      return (row === null ? null : ours(echo, row)) ?? { kind: 'unknown_send' };
    }
    // In this order: an intent that is settled between the two looks is found by the second.
    const open = echo.channel === 'instagram' ? await this.#openIntent(echo, message) : null;
    if (await this.#isTold(echo)) return { kind: 'told' };
    return open ?? { kind: 'events', submissions: [outside(echo, message)] };
  }

  /** Whether the message is in the log already, by its id. Its row is of the day of its intent. */
  async #isTold({ key, mid, occurredAt }: PendingEcho): Promise<boolean> {
    const lane = laneOf(key);
    const sourceId = sentSourceId(mid);
    const days = [occurredAt - dayMs, occurredAt, occurredAt + dayMs].map(dayOf);
    const rows = await this.lanes.rowsBySource(days.map((day) => ({ lane, sourceId, day })));
    return rows.length > 0;
  }

  async #openIntent(echo: PendingEcho, message: Fields): Promise<MatchedEcho | null> {
    const rows = await this.log.newestRowsOfThread(echo.key, newestRows);
    const out = new Set(rows.filter(({ type }) => type === 'app.sent').map(({ cause }) => cause.sendId));
    for (const row of rows) {
      const intent = intentOf(row);
      if (intent === null || out.has(row.id) || row.occurredAt < echo.occurredAt - openForMs) continue;
      if (contentOf(intent.item['message'] as Fields) === contentOf(message)) return ours(echo, row);
    }
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function ours(echo: PendingEcho, row: LogRow): MatchedEcho | null {
  const intent = intentOf(row);
  if (intent === null || row.pageId !== echo.key.pageId || row.psid !== echo.key.psid) return null;
  return { kind: 'ours', intent, row, mid: echo.mid, payload: restoreEcho(intent, echo.item) };
}

/** What tells one message from another, as far as the platform gives it back: addresses of attachments are its own. */
function contentOf({ text, attachments }: Fields): string {
  const types = Array.isArray(attachments) ? attachments.map((each: { type?: unknown }) => each.type) : [];
  return JSON.stringify([text ?? null, types]);
}

function outside({ key, channel, mid, payload, occurredAt, traceId }: PendingEcho, message: Fields): Submission {
  return {
    key,
    channel,
    events: [{ event: { type: 'outside.reply', mid, payload }, sourceId: outsideSourceId(mid), occurredAt }],
    cause: { by: 'system', reason: `${authorOf(message)} answered outside Signalbox.`, traceId },
  };
}

const outsideSourceId = (mid: Mid): string => sentSourceId(mid).replace('app.sent', 'outside.reply');

function authorOf(message: Fields): string {
  if (message['ai_generated'] === true) return 'The platform’s AI';
  const digits = JSON.stringify(message['app_id'] ?? null).replaceAll('"', '');
  if (Object.values<string>(platformInboxes).includes(digits)) return 'Somebody at the platform’s inbox';
  return /^\d{1,20}$/.test(digits) ? `App ${digits}` : 'Somebody';
}
