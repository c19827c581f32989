import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { GraphError } from './graph-error.js';
import { UnreadableRequest } from './request-parameters.js';

/**
 * Answers every failure of the Graph API in the platform's envelope. What is no refusal of ours is a fault of ours: the
 * log gets all of it under the trace id, the caller nothing but that id.
 */
@Catch()
export class GraphErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('graph-api');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const error = toGraphError(thrown);
    if (error.reason === 'unknown_error') {
      this.logger.error({ err: thrown, traceId: error.traceId }, 'a Graph API call failed');
    }
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    httpAdapter.setHeader(response, 'content-type', 'application/json; charset=UTF-8');
    httpAdapter.setHeader(response, 'www-authenticate', error.authenticate);
    httpAdapter.setHeader(response, 'x-fb-trace-id', error.traceId);
    httpAdapter.reply(response, JSON.stringify(error.envelope), error.status);
  }
}

/** The error a caller is told, whatever was thrown. */
export function toGraphError(thrown: unknown): GraphError {
  if (thrown instanceof GraphError) return thrown;
  if (thrown instanceof UnreadableRequest) return new GraphError('unreadable_body', thrown.message);
  switch (statusOf(thrown)) {
    case 413:
      return new GraphError('body_too_large');
    case 503:
      return new GraphError('temporarily_unavailable');
    default:
      return new GraphError('unknown_error');
  }
}

/** Nest's exceptions and Fastify's errors each name a status in their own way. */
function statusOf(thrown: unknown): number | null {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : null;
}
