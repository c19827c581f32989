import { All, Controller, NotFoundException, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphBatch, isBatch } from './graph-batch.js';
import { defaultVersion, GraphDispatcher } from './graph-dispatcher.js';
import { GraphErrorFilter } from './graph-error.filter.js';
import { isOwnPath } from './own-paths.js';
import { readGraphRequest } from './request-parameters.js';
import { traceIdOf } from './trace-id.js';

/**
 * Where the Graph API meets HTTP. It takes every path that no other controller names, since clients put versions, doubled
 * slashes and ids in front of everything; `request-parameters.ts` reads what they send and the dispatcher answers.
 */
@ApiExcludeController()
@Controller()
@UseFilters(GraphErrorFilter)
export class GraphController {
  constructor(
    private readonly dispatcher: GraphDispatcher,
    private readonly batch: GraphBatch,
  ) {}

  @All('*')
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (isOwnPath(request.url)) throw new NotFoundException(`Cannot ${request.method} ${request.url}`);
    const traceId = traceIdOf(request.id);
    const graphRequest = await readGraphRequest({
      method: request.method,
      url: request.raw.url ?? request.url,
      headers: request.headers,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    });
    void reply.header('facebook-api-version', graphRequest.version ?? defaultVersion);
    const origin = {
      traceId,
      baseUrl: `${request.protocol}://${request.host}`,
      setHeader: (name: string, value: string) => void reply.header(name, value),
    };
    const answerer = isBatch(graphRequest) ? this.batch : this.dispatcher;
    const body = await answerer.answer(graphRequest, origin);
    void reply.header('content-type', 'application/json; charset=UTF-8');
    void reply.header('cache-control', 'private, no-cache, no-store, must-revalidate');
    void reply.header('x-fb-trace-id', traceId);
    void reply.code(200).send(JSON.stringify(body));
  }
}
