import type { FastifyRequest } from 'fastify';
import type { Role } from '../domain/role.js';
import type { SessionCredential } from '../store/session.store.js';

/** Somebody the admin API knows: who calls, and what they may do. */
export interface Operator {
  /** Of the token they use. */
  readonly name: string;
  readonly role: Role;
  readonly credential: SessionCredential;
  /** The hash of their session's id, if they come with a browser's; null: they sent the token itself. */
  readonly sessionHash: string | null;
  /** When the session ends; null: no session, or a token without an end. */
  readonly expiresAt: Date | null;
}

/** What tells later whether somebody who was let in is still welcome. Holds no secret. */
export type Welcome = Pick<Operator, 'credential' | 'sessionHash'>;

/** By request, and not on it: nobody but the guard can put anything here. */
const operators = new WeakMap<object, Operator>();

/** For the guard alone. */
export function setOperator(request: FastifyRequest, operator: Operator): void {
  operators.set(request, operator);
}

/** Who calls; only on routes that need a role. */
export function operatorOf(request: FastifyRequest): Operator {
  const operator = operators.get(request);
  if (operator === undefined) throw new Error('this route is not guarded');
  return operator;
}
