import { All, Controller, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { defaultVersion, GraphDispatcher } from './graph-dispatcher.js';
import { GraphErrorFilter } from './graph-error.filter.js';
import { readGraphRequest } from './request-parameters.js';

/**
 * Where the Graph API meets HTTP. It takes every path that no other controller names, since clients put versions, doubled
 * slashes and ids in front of everything; `request-parameters.ts` reads what they send and the dispatcher answers.
 */
@ApiExcludeController()
@Controller()
@UseFilters(GraphErrorFilter)
export class GraphController {
  constructor(private readonly dispatcher: GraphDispatcher) {}

  @All('*')
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const graphRequest = await readGraphRequest({
      method: request.method,
      url: request.raw.url ?? request.url,
      headers: request.headers,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    });
    void reply.header('facebook-api-version', graphRequest.version ?? defaultVersion);
    const body = await this.dispatcher.answer(graphRequest, request.id);
    void reply.header('content-type', 'application/json; charset=UTF-8');
    void reply.header('cache-control', 'private, no-cache, no-store, must-revalidate');
    void reply.header('x-fb-trace-id', request.id);
    void reply.code(200).send(JSON.stringify(body));
  }
}
