import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminToken } from '../config/admin-token.js';
import { Problem } from './problem.js';

/** Lets a request pass that carries the admin token as `Authorization: Bearer …`. */
@Injectable()
export class AdminTokenGuard implements CanActivate {
  readonly #expected: Buffer;

  constructor(token: AdminToken) {
    this.#expected = digest(token.value);
  }

  canActivate(context: ExecutionContext): true {
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const given = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) {
      throw new Problem('unauthorized', 'Send the admin token as "Authorization: Bearer <token>".');
    }
    // Digests are of one length, so the comparison takes the same time whatever was sent.
    if (!timingSafeEqual(digest(given), this.#expected)) {
      throw new Problem('unauthorized', 'This is not the admin token of this installation.');
    }
    return true;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
