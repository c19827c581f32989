import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { isAtLeast, type Role } from '../domain/role.js';
import { Authenticator } from './authenticator.js';
import { setOperator } from './operator.js';
import { Problem } from './problem.js';
import { requiredRoleKey } from './requires-role.decorator.js';
import { requireConsole } from './same-origin.js';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Lets those in who have the role that the route declares; a route that declares none is open to nobody. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const needed = this.reflector.get<Role | 'nobody' | undefined>(requiredRoleKey, context.getHandler());
    if (needed === undefined) throw new Error(`${context.getHandler().name} declares no role`);
    if (needed === 'nobody') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const operator = await this.authenticator.authenticate(request);
    if (operator.sessionHash !== null && !safeMethods.has(request.method)) requireConsole(request.headers);
    if (!isAtLeast(operator.role, needed)) {
      throw new Problem('forbidden', `This needs the role ${needed}; "${operator.name}" is ${operator.role}.`, {
        required_role: needed,
        role: operator.role,
      });
    }
    setOperator(request, operator);
    return true;
  }
}
