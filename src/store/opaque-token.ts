import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A token that means nothing by itself: an id to find it by, and a secret of which only the hash is kept. */
export interface OpaqueToken {
  /** The whole token; seen once, when it is made. */
  readonly token: string;
  /** Names it in the database and to people. No secret. */
  readonly id: string;
  /** What is stored of it. */
  readonly hash: string;
}

const idBytes = 8;
const secretBytes = 32;
const body = `([0-9a-f]{${idBytes * 2}})[0-9a-f]{${secretBytes * 2}}`;

/**
 * Makes a token: prefix, id, 256 random bits and a checksum, all hexadecimal. Secret scanners know it by its prefix, and
 * the checksum tells a mistyped token from a wrong one without asking the database.
 */
export function newOpaqueToken(prefix: string): OpaqueToken {
  const id = randomBytes(idBytes).toString('hex');
  const unchecked = `${prefix}${id}${randomBytes(secretBytes).toString('hex')}`;
  const token = `${unchecked}${checksumOf(unchecked)}`;
  return { token, id, hash: sha256(token) };
}

/** The id of a token of this prefix; null: it is none, or its checksum is wrong. */
export function idOfToken(prefix: string, token: string): string | null {
  if (!token.startsWith(prefix)) return null;
  const unchecked = token.slice(0, -checksumLength);
  const id = new RegExp(`^${body}$`).exec(unchecked.slice(prefix.length))?.[1];
  return id !== undefined && token.endsWith(checksumOf(unchecked)) ? id : null;
}

/** A fast hash is enough for 256 random bits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether `text` has this hash; takes the same time whatever the text is. */
export function hasHash(text: string, hash: string): boolean {
  const given = Buffer.from(sha256(text));
  const expected = Buffer.from(hash);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const checksumLength = 8;

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(checksumLength, '0');
}
