import { z } from 'zod';
import type { Psid } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import { businessIdOf, type Channel, type Page } from '../domain/page.js';
import { parseJson } from '../domain/wire-json.js';
import { readAskedFields } from './field-expansion.js';
import { GraphError } from './graph-error.js';
import type { Fields } from './parameter-values.js';
import { personNames } from '../domain/person-names.js';

/** The two sides of a conversation. */
export interface Sides {
  readonly page: Page;
  readonly channel: Channel;
  readonly person: Psid;
}

const itemSchema = z.object({
  message: z
    .object({
      mid: z.string(),
      text: z.string().optional(),
      attachments: z.array(z.unknown()).optional(),
      is_echo: z.boolean().optional(),
    })
    .optional(),
  postback: z.object({ mid: z.string(), title: z.string().optional() }).optional(),
});

const messageFields = ['id', 'created_time', 'from', 'to', 'message', 'attachments', 'tags', 'sticker', 'shares'];

/** A time as the platform writes it in its objects. */
export function graphTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, '+0000');
}

/** The person, and the business as its channel names it. */
export function participants({ page, channel, person }: Sides): readonly [person: object, business: object] {
  const businessId = businessIdOf(page, channel);
  if (channel === 'instagram') {
    return [
      { username: personNames(person, channel).username, id: person },
      { username: page.name, id: businessId },
    ];
  }
  return [
    { name: personNames(person, channel).full, email: `${person}@facebook.com`, id: person },
    { name: page.name, email: `${businessId}@facebook.com`, id: businessId },
  ];
}

/** The id of the message a row of the log is; null if it is none. */
export function midOfRow({ payload }: LogRow): string | null {
  const item = itemSchema.safeParse(payload === null ? null : parseJson(payload));
  return item.success ? (item.data.message?.mid ?? item.data.postback?.mid ?? null) : null;
}

/** The text of a message, for a conversation's snippet. */
export function textOfRow({ payload }: LogRow): string {
  const item = itemSchema.safeParse(payload === null ? null : parseJson(payload));
  return (item.success ? (item.data.message?.text ?? item.data.postback?.title) : undefined) ?? '';
}

/** A message with the fields a call asks for. Without details it is only its id and its time. */
export function messageView(row: LogRow, sides: Sides, parameters: Fields, detailed: boolean): object {
  const [person, business] = participants(sides);
  const item = itemSchema.safeParse(row.payload === null ? null : parseJson(row.payload));
  const fromPage = row.type === 'app.send';
  const attachments = item.success ? item.data.message?.attachments : undefined;
  const message: Readonly<Record<string, unknown>> = {
    id: midOfRow(row),
    created_time: graphTime(row.occurredAt),
    from: fromPage ? business : person,
    to: { data: [fromPage ? person : business] },
    message: textOfRow(row),
    attachments: attachments === undefined || attachments.length === 0 ? undefined : { data: attachments },
  };
  const view: Record<string, unknown> = {};
  for (const { name } of readAskedFields(parameters, ['id', 'created_time'])) {
    if (!messageFields.includes(name)) {
      throw new GraphError('invalid_parameter', `Tried accessing nonexisting field (${name}) on node type (Message)`);
    }
    if (detailed || name === 'created_time') view[name] = message[name];
  }
  return { ...view, id: message['id'] };
}
