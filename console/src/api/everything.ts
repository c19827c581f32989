import { api, type Query } from './client.js';
import type { ListPage } from './types.js';

/** Configuration is small: lists of it are read whole. Guards against a server that never ends. */
const pagesMax = 100;

/** All entries of a list that fits on a screen. */
export async function everything<Item>(to: string, query: Query = {}, signal?: AbortSignal): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer: ListPage<Item> = await api.get(to, { limit: 1000, ...query, cursor }, signal);
    items.push(...answer.data);
    cursor = answer.next_cursor;
    if (cursor === null) return items;
  }
  return items;
}
