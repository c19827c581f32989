import { randomBytes } from 'node:crypto';
import { newOpaqueToken } from './opaque-token.js';

/**
 * The platform's prefix, by which clients know a page access token, and ours, so that a token of ours is never mistaken
 * for a real one and secret scanners know it.
 */
const prefix = 'EAASGBX';

/** A new page access token. Only its hash is stored, so this is the one time it is seen. */
export function newAccessToken(): string {
  return newOpaqueToken(prefix).token;
}

/** A secret an app signs or is recognised with, in the form of the platform's: 32 hexadecimal digits. */
export function newAppSecret(): string {
  return randomBytes(16).toString('hex');
}
