import { createHash, randomBytes } from 'node:crypto';

/** The platform's prefix, by which clients and secret scanners know a page access token. */
const prefix = 'EAA';
/** Ours, so that a token of ours is never mistaken for a real one. */
const marker = 'SGBX';
const randomBytesCount = 32;

/** A new page access token. Only its hash is stored, so this is the one time it is seen. */
export function newAccessToken(): string {
  return `${prefix}${marker}${randomBytes(randomBytesCount).toString('hex')}`;
}

/** What is stored of a token. A fast hash is enough for 256 random bits. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A secret an app signs or is recognised with, in the form of the platform's: 32 hexadecimal digits. */
export function newAppSecret(): string {
  return randomBytes(16).toString('hex');
}
