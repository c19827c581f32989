import { randomInt } from 'node:crypto';

/**
 * A new id in the form of the platform's, for what is neither a page, an app nor a person: sixteen digits. Some clients
 * make numbers of these ids, so they are below 2^53.
 */
export function newGraphObjectId(): string {
  return String(randomInt(10_000_000, 90_000_000)) + String(randomInt(10_000_000, 100_000_000));
}
