import type { LogEntry, ThreadState } from '../../api/types.js';

/** One event of a thread with what it changed. */
export interface Step {
  readonly entry: LogEntry;
  readonly index: number;
  readonly stateBefore: ThreadState;
  readonly ownerBefore: string | null;
  /** Whether the owner is another one than before. */
  readonly ownerChanged: boolean;
}

export function stepsOf(entries: readonly LogEntry[]): Step[] {
  return entries.map((entry, index) => {
    const before = entries[index - 1];
    const ownerBefore = before?.owner_app_id ?? null;
    return {
      entry,
      index,
      stateBefore: before?.state ?? 'released',
      ownerBefore,
      ownerChanged: entry.owner_app_id !== ownerBefore,
    };
  });
}

/** What a message, a tap or an echo says. Everything in it comes from people and apps. */
export interface Content {
  readonly text: string | null;
  readonly attachments: readonly string[];
  readonly buttons: readonly string[];
  readonly redacted: boolean;
}

/** Reads what was said out of an item of a webhook, whatever shape it has. */
export function contentOf(payload: unknown): Content {
  const message = at(payload, 'message');
  const postback = at(payload, 'postback');
  const text = string(at(message, 'text')) ?? string(at(postback, 'title'));
  const attachments = list(at(message, 'attachments'));
  const elements = attachments.flatMap((attachment) => list(at(at(attachment, 'payload'), 'elements')));
  const template = attachments
    .map((attachment) => string(at(at(attachment, 'payload'), 'text')))
    .find((found) => found !== null);
  return {
    text: text ?? template ?? string(at(elements[0], 'title')),
    attachments: attachments.map((attachment) => string(at(attachment, 'type')) ?? 'attachment'),
    buttons: [
      ...list(at(message, 'quick_replies')),
      ...attachments.flatMap((attachment) => list(at(at(attachment, 'payload'), 'buttons'))),
      ...elements.flatMap((element) => list(at(element, 'buttons'))),
    ].flatMap((button) => string(at(button, 'title')) ?? []),
    redacted: [message, postback].some((part) => at(part, 'redacted') === true),
  };
}

/** The member of a value, if it is an object that has it. */
export function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

export function string(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
