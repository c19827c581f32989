import { z } from 'zod';
import { Problem } from '../admin-auth/problem.js';

const limitDefault = 100;
const limitMax = 1000;

export const pagingShape = {
  cursor: z.string().max(2_000).optional().describe('`next_cursor` of the page before; absent: the first page.'),
  limit: z.coerce.number().int().min(1).max(limitMax).default(limitDefault).describe('Entries in a page at most.'),
};
export const pagingSchema = z.strictObject(pagingShape);
export type Paging = z.infer<typeof pagingSchema>;

/** A page of a list, oldest or smallest first. */
export interface PageOf<Item> {
  readonly data: Item[];
  readonly next_cursor: string | null;
}

export function pageOfSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().describe('Asks for the next page; null on the last one.'),
  });
}

/** Opaque to callers: the position after which the next page begins. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position a cursor stands for, if it has this shape; null without a cursor. */
export function decodeCursor<Position>(cursor: string | undefined, shape: z.ZodType<Position>): Position | null {
  if (cursor === undefined) return null;
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    decoded = null;
  }
  const parsed = shape.safeParse(decoded);
  if (parsed.success) return parsed.data;
  throw new Problem('invalid_request', 'cursor: this is not a cursor of this list', {
    errors: [{ path: 'cursor', message: 'this is not a cursor of this list' }],
  });
}

const keySchema = z.tuple([z.string()]);

/** The key a cursor of a list ordered by one text stands for; the empty text comes before all others. */
export function afterKey(cursor: string | undefined): string {
  return decodeCursor(cursor, keySchema)?.[0] ?? '';
}

/** A page of what was read with one entry more than `limit`, which only tells that there is more. */
export function pageOf<Entry, Item>(
  read: readonly Entry[],
  limit: number,
  view: (entry: Entry) => Item,
  position: (entry: Entry) => readonly (string | number)[],
): PageOf<Item> {
  const entries = read.slice(0, limit);
  const last = entries.at(-1);
  return {
    data: entries.map(view),
    next_cursor: read.length > limit && last !== undefined ? encodeCursor(position(last)) : null,
  };
}
