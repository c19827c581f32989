import { randomInt } from 'node:crypto';

/** A new id in the form of the platform's, for what is neither a page, an app nor a person: sixteen digits. */
export function newGraphObjectId(): string {
  const half = () => String(randomInt(10_000_000, 100_000_000));
  return half() + half();
}
