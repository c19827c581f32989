import { createHash } from 'node:crypto';

/**
 * The platform's form of a request's id, `A` and 22 characters. The same request always has the same one, so that what
 * the caller was told, the log of the thread and the server's log can be put together.
 */
export function traceIdOf(requestId: string): string {
  return `A${createHash('sha256').update(requestId).digest('base64url').slice(0, 22)}`;
}
