/**
 * Reads messages in the shape of the Send API. Apps and people wrote them, so nothing about them is certain: what is not
 * understood is left out.
 */

export interface MessageButton {
  readonly title: string;
  /** Answers with this; null: it does something else. */
  readonly payload: string | null;
  /** Opens this; http or https only. */
  readonly url: string | null;
}

export interface Card {
  readonly title: string | null;
  readonly subtitle: string | null;
  readonly buttons: readonly MessageButton[];
}

export type ReadAttachment =
  | { readonly kind: 'card'; readonly card: Card }
  | { readonly kind: 'media'; readonly type: string; readonly url: string | null };

export function readAttachments(attachments: readonly unknown[]): ReadAttachment[] {
  return attachments.flatMap((attachment): ReadAttachment[] => {
    const type = textOf(attachment, 'type') ?? 'file';
    const payload = partOf(attachment, 'payload');
    if (type !== 'template') return [{ kind: 'media', type, url: safeUrl(textOf(payload, 'url')) }];
    const elements = listOf(payload, 'elements');
    const own: Card = { title: textOf(payload, 'text'), subtitle: null, buttons: buttonsOf(payload) };
    const cards = elements.map((element) => ({
      title: textOf(element, 'title'),
      subtitle: textOf(element, 'subtitle'),
      buttons: buttonsOf(element),
    }));
    const all = own.title === null && own.buttons.length === 0 ? cards : [own, ...cards];
    return all.map((card) => ({ kind: 'card', card }));
  });
}

/** A whole message, such as an ad's welcome message. */
export function readMessage(message: unknown): {
  text: string | null;
  attachments: ReadAttachment[];
  quickReplies: { title: string; payload: string }[];
} {
  const attachment = partOf(message, 'attachment');
  return {
    text: textOf(message, 'text'),
    attachments: readAttachments(attachment === undefined ? listOf(message, 'attachments') : [attachment]),
    quickReplies: listOf(message, 'quick_replies').flatMap((reply) => {
      const title = textOf(reply, 'title');
      return title === null ? [] : [{ title, payload: textOf(reply, 'payload') ?? title }];
    }),
  };
}

/** A link that may be followed: http and https, nothing that runs. */
export function safeUrl(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href : null;
}

function buttonsOf(holder: unknown): MessageButton[] {
  return listOf(holder, 'buttons').flatMap((button) => {
    const title = textOf(button, 'title');
    if (title === null) return [];
    const postback = textOf(button, 'type') === 'postback';
    return [{ title, payload: postback ? textOf(button, 'payload') : null, url: safeUrl(textOf(button, 'url')) }];
  });
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function textOf(value: unknown, name: string): string | null {
  const part = partOf(value, name);
  return typeof part === 'string' && part !== '' ? part : null;
}

function listOf(value: unknown, name: string): unknown[] {
  const part = partOf(value, name);
  return Array.isArray(part) ? part : [];
}
