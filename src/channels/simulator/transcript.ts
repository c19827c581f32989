import { z } from 'zod';
import { appId, mid, type AppId, type Mid } from '../../domain/ids.js';
import type { LogRow } from '../../domain/log.js';
import { buttonsOf, type PostbackButton } from '../../domain/template-buttons.js';
import { parseJson } from '../../domain/wire-json.js';

/*
 * What a simulated person has in front of them, read from the log. Messages of apps are echo items in the shape of the
 * Send API, so whatever is not understood here is left out and never fails.
 */
const quickReplySchema = z.object({
  content_type: z.string().optional(),
  title: z.string().optional(),
  payload: z.string().optional(),
  image_url: z.string().optional(),
});
const itemSchema = z.object({
  message: z
    .object({
      mid: z.string(),
      text: z.string().optional(),
      attachments: z.array(z.looseObject({ type: z.string(), payload: z.looseObject({}).optional() })).optional(),
      quick_replies: z.array(quickReplySchema).optional(),
      reply_to: z.looseObject({ mid: z.string().optional() }).optional(),
      persona_id: z.string().optional(),
    })
    .optional(),
  postback: z.object({ mid: z.string().optional(), title: z.string().optional() }).optional(),
  message_edit: z.object({ mid: z.string(), text: z.string().optional() }).optional(),
  reaction: z.object({ mid: z.string(), action: z.string(), emoji: z.string().optional() }).optional(),
  sender_action: z.string().optional(),
  payload: z.object({ message_id: z.string(), reaction: z.string().optional() }).optional(),
});

export type QuickReply = z.infer<typeof quickReplySchema>;

/** One message as the person sees it now. */
export interface SeenMessage {
  /** Position of its row in the lane. */
  readonly rowId: number;
  readonly mid: Mid;
  /** The app that wrote it; null: the person did. */
  readonly appId: AppId | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  text: string | null;
  readonly attachments: readonly unknown[];
  readonly quickReplies: readonly QuickReply[];
  readonly buttons: readonly PostbackButton[];
  readonly replyTo: string | null;
  /** Under which of its personas the app wrote. */
  readonly personaId: string | null;
  /** How often the person has changed it. */
  edits: number;
  deleted: boolean;
  /** By who reacted: an app's id, or `person`. */
  readonly reactions: Map<string, string>;
}

const person = 'person';

/** The messages of one thread, from its log: later rows change what earlier ones showed. */
export class Transcript {
  readonly #messages = new Map<string, SeenMessage>();

  add(row: LogRow): void {
    if (row.refusal !== null || row.payload === null) return;
    const item = itemSchema.safeParse(parseJson(row.payload));
    if (!item.success) return;
    const { message, postback, message_edit: edit, reaction, sender_action: action, payload } = item.data;
    switch (row.type) {
      case 'user.message':
      case 'app.send':
        if (message !== undefined) this.#see(row, message.mid, message);
        break;
      case 'user.postback':
      case 'user.get_started':
        if (postback?.mid !== undefined) this.#see(row, postback.mid, { text: postback.title });
        break;
      case 'user.unsend': {
        const unsent = this.#messages.get(message?.mid ?? '');
        if (unsent !== undefined) unsent.deleted = true;
        break;
      }
      case 'user.edit': {
        const edited = this.#messages.get(edit?.mid ?? '');
        if (edited === undefined) break;
        edited.text = edit?.text ?? null;
        edited.edits += 1;
        break;
      }
      case 'user.reaction':
        this.#react(reaction?.mid, person, reaction?.action === 'react' ? (reaction.emoji ?? '') : null);
        break;
      case 'app.action':
        if (action !== 'react' && action !== 'unreact') break;
        this.#react(payload?.message_id, row.cause.appId ?? '', action === 'react' ? (payload?.reaction ?? '') : null);
        break;
      default:
    }
  }

  /** Oldest first. */
  get messages(): SeenMessage[] {
    return [...this.#messages.values()];
  }

  find(messageId: string): SeenMessage | null {
    return this.#messages.get(messageId) ?? null;
  }

  /** The newest message that fits. */
  findLast(fits: (message: SeenMessage) => boolean): SeenMessage | null {
    return this.messages.findLast(fits) ?? null;
  }

  #see(row: LogRow, messageId: string, message: Partial<NonNullable<z.infer<typeof itemSchema>['message']>>): void {
    const attachments = message.attachments ?? [];
    this.#messages.set(messageId, {
      rowId: row.id,
      mid: mid(messageId),
      appId: row.type === 'app.send' && row.cause.appId !== undefined ? appId(row.cause.appId) : null,
      at: row.occurredAt,
      text: message.text ?? null,
      attachments,
      quickReplies: message.quick_replies ?? [],
      buttons: attachments.flatMap(({ type, payload }) => (type === 'template' ? buttonsOf(payload) : [])),
      replyTo: message.reply_to?.mid ?? null,
      personaId: message.persona_id ?? null,
      edits: 0,
      deleted: false,
      reactions: new Map(),
    });
  }

  #react(messageId: string | undefined, by: string, reaction: string | null): void {
    const message = this.#messages.get(messageId ?? '');
    if (reaction === null) message?.reactions.delete(by);
    else message?.reactions.set(by, reaction);
  }
}

/** The quick replies of a message in the shape of the Send API. */
export function quickRepliesOf(message: unknown): QuickReply[] {
  const parsed = z.object({ quick_replies: z.array(quickReplySchema) }).safeParse(message);
  return parsed.success ? parsed.data.quick_replies : [];
}
