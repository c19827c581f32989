import type { AppId, Mid, Psid } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';
import { rawNumber, toWireJson } from '../domain/wire-json.js';

/** What an echo tells: one message of the business side. */
export interface EchoedMessage {
  readonly channel: Channel;
  readonly businessId: string;
  readonly psid: Psid;
  readonly appId: AppId;
  /** Null: not known yet. */
  readonly mid: Mid | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** As the app sent it. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly personaId: string | null;
  readonly replyTo: Mid | null;
}

/**
 * The echo of a message as wire JSON: an item of `entry[].messaging[]` with sender and recipient swapped. On Messenger it
 * names the app and carries its metadata; Instagram's is thin and does neither.
 */
export function echoItem(echoed: EchoedMessage): string {
  return toWireJson(echoFields(echoed));
}

/** The same, not yet written down. */
export function echoFields({
  channel,
  businessId,
  psid,
  appId,
  mid,
  at,
  message,
  personaId,
  replyTo,
}: EchoedMessage): Record<string, unknown> {
  const { text, attachment, attachments, quick_replies, metadata, sticker_id } = message;
  const attached = Array.isArray(attachments) ? attachments : attachment === undefined ? undefined : [attachment];
  return {
    sender: { id: businessId },
    recipient: { id: psid },
    timestamp: at,
    message: {
      ...(mid !== null && { mid }),
      text,
      is_echo: true,
      ...(channel === 'messenger' && { app_id: rawNumber(appId), metadata }),
      sticker_id,
      attachments: attached,
      quick_replies,
      ...(replyTo !== null && { reply_to: { mid: replyTo } }),
      ...(personaId !== null && { persona_id: personaId }),
    },
  };
}
