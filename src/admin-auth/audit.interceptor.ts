import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import type { Role } from '../domain/role.js';
import { AuditStore } from '../store/audit.store.js';
import { actOf } from './act-of.js';
import { operatorOf } from './operator.js';
import { notAnActKey, requiredRoleKey } from './requires-role.decorator.js';

/** Enters in the audit trail what an operator does. Viewers change nothing, so what a viewer may do is no act. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly audit: AuditStore,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const needed = this.reflector.get<Role | 'nobody'>(requiredRoleKey, context.getHandler());
    const isAct =
      request.method !== 'GET' && request.method !== 'HEAD' && (needed === 'operator' || needed === 'admin');
    if (!isAct || this.reflector.get<boolean | undefined>(notAnActKey, context.getHandler()) === true) {
      return next.handle();
    }
    const act = actOf(request, operatorOf(request));
    return defer(() => this.audit.run(act, () => lastValueFrom(next.handle(), { defaultValue: undefined })));
  }
}
