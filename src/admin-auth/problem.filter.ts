import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RouterBusyError } from '../routing/submission.js';
import { ConfigurationError } from '../store/configuration.error.js';
import { isPassing, isUnstorableText } from '../store/database-errors.js';
import { Problem } from './problem.js';

/** What a client is told to wait when nothing can be decided now, in seconds. */
const retryAfterSeconds = 1;

/**
 * Answers every failure of our own API as problem details. What is no refusal of ours is a fault of ours: the log gets
 * all of it under the trace id, the caller nothing but that id.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('admin-api');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(thrown);
    if (problem.code === 'internal_error') {
      this.#logger.error({ err: thrown, traceId: request.id }, 'a call of the admin API failed');
    }
    // A stream of events that has begun cannot become another answer.
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (problem.code === 'unauthorized') void reply.header('www-authenticate', 'Bearer realm="signalbox"');
    if (problem.code === 'busy') void reply.header('retry-after', String(retryAfterSeconds));
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem.body(request.id)));
  }
}

/** The problem a caller is told, whatever was thrown. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof ConfigurationError) return new Problem(thrown.code, thrown.message);
  if (thrown instanceof RouterBusyError) {
    return new Problem('busy', `${thrown.message} Try again in a moment; the same request has one effect.`);
  }
  if (isPassing(thrown)) {
    return new Problem('busy', 'The database does not answer. Try again in a moment.', {}, { cause: thrown });
  }
  if (isUnstorableText(thrown)) {
    return new Problem('invalid_request', 'A value contains U+0000, which cannot be kept.', {}, { cause: thrown });
  }
  // Parsing takes any depth, walking through what was parsed does not.
  if (thrown instanceof RangeError && thrown.message.includes('call stack')) {
    return new Problem('malformed_body', 'The body is nested too deeply.', {}, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : '';
  switch (statusOf(thrown)) {
    case 400:
      return new Problem('malformed_body', `The request cannot be read: ${message}`);
    case 404:
      return new Problem('not_found', `${message}. The API is documented at /docs.`);
    case 405:
      return new Problem('method_not_allowed', message);
    case 413:
      return new Problem('body_too_large', 'The body is larger than this installation accepts (BODY_MAX_BYTES).');
    case 415:
      return new Problem('unsupported_media_type', 'Send the body as JSON, with Content-Type: application/json.');
    default:
      return new Problem(
        'internal_error',
        'The request failed on our side. The log has the details under the trace id.',
      );
  }
}

/** Nest's exceptions and Fastify's errors each name a status in their own way. */
function statusOf(thrown: unknown): number | null {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : null;
}
