/**
 * Identifiers. They are decimal strings of up to twenty digits, which do not fit a JavaScript number, so they are
 * strings everywhere and branded, so that one kind cannot be passed for another.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A Facebook Page: the business account people write to. */
export type PageId = Branded<'PageId'>;
/** An Instagram professional account linked to a page. */
export type InstagramId = Branded<'InstagramId'>;
/** A person, scoped to the page (PSID) or to its Instagram account (IGSID). */
export type Psid = Branded<'Psid'>;
/** A connected application. */
export type AppId = Branded<'AppId'>;
/** A message's id, opaque. */
export type Mid = Branded<'Mid'>;

/** One person's conversation with one page. */
export interface ThreadKey {
  readonly pageId: PageId;
  readonly psid: Psid;
}

const graphIdPattern = /^[1-9]\d{0,19}$/;

/** Whether `text` has the form of a page, app or person id. */
export function isGraphId(text: string): boolean {
  return graphIdPattern.test(text);
}

// The only places where a plain string becomes a branded one. Callers have validated the text (see `isGraphId`) or read
// it from the database, which holds validated ids only.
export const pageId = (text: string): PageId => text as PageId;
export const instagramId = (text: string): InstagramId => text as InstagramId;
export const psid = (text: string): Psid => text as Psid;
export const appId = (text: string): AppId => text as AppId;
export const mid = (text: string): Mid => text as Mid;

/** How many lanes there are. Fixed for good: a thread's lane is part of every stored row. */
export const laneCount = 256;

/**
 * The lane of a thread: FNV-1a (32 bit) over the ASCII text `<page id>:<psid>`, its four bytes folded by exclusive or.
 * Fixed for good; `ids.spec.ts` holds the test vectors.
 */
export function laneOf(key: ThreadKey): number {
  const text = `${key.pageId}:${key.psid}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & 0xff;
}

/** A text that names the thread, for maps. */
export function threadName(key: ThreadKey): string {
  return `${key.pageId}:${key.psid}`;
}
