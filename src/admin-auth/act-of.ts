import type { FastifyRequest } from 'fastify';
import type { Act } from '../store/act.js';
import type { Operator } from './operator.js';

/** A request as the audit trail tells of it. A person's id stays out of it: it would outlive the person's erasure. */
export function actOf(request: FastifyRequest, { name, role, credential }: Operator): Act {
  const named = Object.entries(request.params as Readonly<Record<string, string>>);
  const route = (request.routeOptions.url ?? request.url).replace(/:(\w+)/g, '{$1}');
  return {
    name,
    role,
    tokenId: credential.tokenId,
    address: request.ip,
    action: `${request.method} ${route}`,
    object: Object.fromEntries(named.filter(([parameter]) => parameter !== 'psid')),
    traceId: request.id,
  };
}
