import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../admin-auth/problem.js';
import type { ThreadKey } from '../domain/ids.js';
import { toWireJson } from '../domain/wire-json.js';
import type { Submission } from '../routing/submission.js';

/** The header `Idempotency-Key`, if the request carries one. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const message = 'must be 1 to 255 printable ASCII characters without spaces';
  throw new Problem('invalid_request', `Idempotency-Key: ${message}`, {
    errors: [{ path: 'Idempotency-Key', message }],
  });
});

export const idempotencyKeyHeader = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'Any text that names this call. The same call with the same key, today or tomorrow, has no further effect and gets ' +
    'the same answer; another call with it is refused.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
} as const;

/** A key counts within its thread; what was asked, and of which route, is part of what must be the same. */
export function idempotencyOf(key: string | null, thread: ThreadKey, route: string, body: unknown) {
  if (key === null) return {};
  const idempotency: Submission['idempotency'] = {
    sourceId: `key:${thread.pageId}:${thread.psid}:${key}`,
    requestHash: createHash('sha256')
      .update(`${route}\n${toWireJson(body)}`)
      .digest('hex'),
  };
  return { idempotency };
}
