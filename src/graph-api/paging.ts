import { GraphError } from './graph-error.js';
import { readText, type Fields } from './parameter-values.js';

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
