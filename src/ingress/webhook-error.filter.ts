import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Tells the platform in plain text why a webhook was not taken; only the status matters to it. */
@Catch()
export class WebhookErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger(WebhookErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = thrown instanceof HttpException ? thrown.getStatus() : 500;
    if (status >= 500) this.#logger.error({ err: thrown, traceId: request.id }, 'a webhook was not taken');
    void reply
      .status(status)
      .header('content-type', 'text/plain; charset=utf-8')
      .header('x-content-type-options', 'nosniff')
      .send(thrown instanceof HttpException ? thrown.message : 'Something is broken on our side: send it again.');
  }
}
