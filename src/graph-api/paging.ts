import type { CallOrigin } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { readText, type Fields } from './parameter-values.js';
import type { GraphRequest } from './request-parameters.js';

const limitDefault = 25;
const limitMax = 100;

/** Which part of a list a call asks for; `after` is the text its last cursor stood for, empty at the beginning. */
export interface PageOfList {
  readonly after: string;
  readonly limit: number;
}

/** Reads `limit` and `after`. A limit beyond what is served is cut, as on the platform. */
export function readPaging(parameters: Fields): PageOfList {
  const given = readText(parameters, 'limit', 'limit', 20);
  const limit = given === null ? limitDefault : Number(given);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new GraphError('invalid_parameter', 'Param limit must be an integer greater than 0');
  }
  const cursor = readText(parameters, 'after', 'after', 1000) ?? '';
  const after = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursorOf(after) !== cursor) throw new GraphError('invalid_parameter', 'Param after must be a cursor');
  return { after, limit: Math.min(limit, limitMax) };
}

function cursorOf(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** A list as the platform answers it: cursors beside the data, unless there is none. */
export function listAnswer<Item>(items: readonly Item[], nameOf: (item: Item) => string, view: (item: Item) => object) {
  const [first, last] = [items.at(0), items.at(-1)];
  if (first === undefined || last === undefined) return { data: [] };
  const cursor = (item: Item) => cursorOf(nameOf(item));
  return { data: items.map(view), paging: { cursors: { before: cursor(first), after: cursor(last) } } };
}

/** A list's answer with the address of what follows, as clients go on by; only the end of a list has none. */
export function withNextPage(answer: object, request: GraphRequest, { baseUrl }: CallOrigin): object {
  const list = answer as { data?: unknown; paging?: { cursors?: { after: string }; next?: string } };
  const after = list.paging?.cursors?.after;
  if (after === undefined || list.paging?.next !== undefined || !Array.isArray(list.data)) return answer;
  if (list.data.length < readPaging(request.parameters).limit) return answer;
  const next = new URL([baseUrl, request.version, ...request.path].filter((part) => part !== null).join('/'));
  if (request.accessToken !== null) next.searchParams.set('access_token', request.accessToken);
  for (const [name, value] of Object.entries({ ...request.parameters, after })) {
    next.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return { ...list, paging: { ...list.paging, next: next.href } };
}
