import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { Role } from '../domain/role.js';

/** Where the guard and the OpenAPI document find the role a route needs. */
export const requiredRoleKey = 'signalbox:required-role';

/**
 * The role a route needs; every route of the admin API has this, and no other place decides it. A viewer changes nothing
 * and sees no message text, an operator does both, an admin also configures. `nobody`: it is open to who is not signed in.
 */
export function RequiresRole(role: Role | 'nobody'): MethodDecorator {
  return applyDecorators(
    SetMetadata(requiredRoleKey, role),
    ApiExtension('x-required-role', role),
    ...(role === 'nobody' ? [] : [ApiSecurity('bearer'), ApiSecurity('session')]),
  );
}

/** Where the audit trail finds what it leaves out. */
export const notAnActKey = 'signalbox:not-an-act';

/** A route by which somebody plays a person: the log has what they did, and the audit trail would drown in it. */
export function NotAnAct(): MethodDecorator {
  return applyDecorators(SetMetadata(notAnActKey, true), ApiExtension('x-not-audited', true));
}
