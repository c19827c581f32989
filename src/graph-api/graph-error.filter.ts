import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ProblemFilter } from '../admin-auth/problem.filter.js';
import { PlatformError } from '../channels/channel.js';
import { RouterBusyError } from '../routing/submission.js';
import { ConfigurationError } from '../store/configuration.error.js';
import { isPassing, isUnstorableText } from '../store/database-errors.js';
import { accessRefused } from '../telemetry/signals.js';
import { GraphError } from './graph-error.js';
import { isOwnPath } from './own-paths.js';
import { platformError } from './platform-refusal.js';
import { UnreadableRequest } from './request-parameters.js';
import { traceIdOf } from './trace-id.js';

/**
 * Answers every failure of the Graph API in the platform's envelope. What is no refusal of ours is a fault of ours: the
 * log gets all of it under the trace id, the caller nothing but that id. It stands for the whole server, since a body
 * that is too large fails before any controller is asked; failures of Signalbox's own paths are answered as those of its own API.
 */
@Catch()
export class GraphErrorFilter implements ExceptionFilter {
  private readonly ownFilter = new ProblemFilter();
  private readonly logger = new Logger('graph-api');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const response: unknown = http.getResponse();
    const { httpAdapter } = this.adapterHost;
    if (isOwnPath(request.url)) {
      this.ownFilter.catch(thrown, host);
      return;
    }
    const error = toGraphError(thrown);
    const traceId = traceIdOf(request.id);
    if (error.reason === 'unknown_error') {
      this.logger.error({ err: thrown, traceId }, 'a Graph API call failed');
    }
    if (tokenReasons.has(error.reason)) accessRefused.tell({ interface: 'graph' });
    httpAdapter.setHeader(response, 'content-type', 'application/json; charset=UTF-8');
    httpAdapter.setHeader(response, 'www-authenticate', error.authenticate);
    httpAdapter.setHeader(response, 'x-fb-trace-id', traceId);
    for (const [name, value] of Object.entries(error.headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, JSON.stringify(error.envelope(traceId)), error.status);
  }
}

const tokenReasons: ReadonlySet<string> = new Set([
  'no_token',
  'unparseable_token',
  'invalid_token',
  'expired_token',
  'invalid_proof',
  'proof_required',
]);

/** The error a caller is told, whatever was thrown. */
export function toGraphError(thrown: unknown): GraphError {
  if (thrown instanceof GraphError) return thrown;
  if (thrown instanceof UnreadableRequest) return new GraphError('unreadable_body', thrown.message);
  if (thrown instanceof PlatformError) return platformError(thrown);
  if (thrown instanceof RouterBusyError || isPassing(thrown)) {
    return new GraphError('temporarily_unavailable');
  }
  if (isUnstorableText(thrown)) return new GraphError('invalid_parameter', 'A parameter may not contain U+0000.');
  // The caller was connected when its token was read, and no longer is.
  if (thrown instanceof ConfigurationError) return new GraphError('app_not_connected');
  const status = statusOf(thrown);
  if (status === 413) return new GraphError('body_too_large');
  if (status === 503) return new GraphError('temporarily_unavailable');
  if (status !== null && status < 500) return new GraphError('unreadable_body', messageOf(thrown));
  return new GraphError('unknown_error');
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'The request cannot be read';
}

/** Nest's exceptions and Fastify's errors each name a status in their own way. */
function statusOf(thrown: unknown): number | null {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : null;
}
