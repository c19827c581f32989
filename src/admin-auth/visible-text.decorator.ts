import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { messageTextFor, type MessageText } from '../domain/role.js';
import { operatorOf } from './operator.js';

/** Whether whoever calls is shown message text. Every view with text in it asks for this. */
export const VisibleText = createParamDecorator((_: unknown, context: ExecutionContext): MessageText => {
  return messageTextFor(operatorOf(context.switchToHttp().getRequest<FastifyRequest>()).role);
});
