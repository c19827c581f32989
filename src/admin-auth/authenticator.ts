import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminToken } from '../config/admin-token.js';
import { AdminTokenStore } from '../store/admin-token.store.js';
import { sha256 } from '../store/opaque-token.js';
import { SessionStore, type SessionCredential } from '../store/session.store.js';
import type { Operator, Welcome } from './operator.js';
import { Problem } from './problem.js';
import { SessionCookie } from './session-cookie.js';

/** What the installation's own token is called, in sessions and in the audit trail. */
const bootstrapName = 'admin';

/** Finds out who calls the admin API: by a token, or by a browser's session. */
@Injectable()
export class Authenticator {
  readonly #bootstrap: SessionCredential;
  readonly #bootstrapHash: Buffer;

  constructor(
    bootstrap: AdminToken,
    private readonly tokens: AdminTokenStore,
    private readonly sessions: SessionStore,
  ) {
    this.#bootstrap = { tokenId: null, bootstrapFingerprint: bootstrap.fingerprint };
    this.#bootstrapHash = Buffer.from(sha256(bootstrap.value));
  }

  /** @throws Problem if there is neither a valid token nor a session. */
  async authenticate(request: Pick<FastifyRequest, 'headers' | 'protocol'>): Promise<Operator> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
      if (token === undefined) throw new Problem('unauthorized', 'Send the token as "Authorization: Bearer <token>".');
      return this.ofToken(token);
    }
    const sessionId = new SessionCookie(request).read();
    if (sessionId === null) {
      throw new Problem('unauthorized', 'Sign in, or send a token as "Authorization: Bearer <token>".');
    }
    const operator = await this.#ofSession(sha256(sessionId), true);
    if (operator === null) throw new Problem('unauthorized', 'The session has ended: sign in again.');
    return operator;
  }

  /** @throws Problem if it is no valid token of this installation. */
  async ofToken(token: string): Promise<Operator> {
    // Hashes are of one length, so the comparison takes the same time whatever was sent.
    if (timingSafeEqual(Buffer.from(sha256(token)), this.#bootstrapHash)) return this.bootstrap();
    const found = await this.tokens.findValid(token);
    if (found === null) throw new Problem('unauthorized', 'This is not a valid admin token of this installation.');
    const { tokenId, name, role, expiresAt } = found;
    return { name, role, credential: { tokenId, bootstrapFingerprint: null }, sessionHash: null, expiresAt };
  }

  /** Whoever holds the installation's own token, or a sign-in link it printed. */
  bootstrap(): Operator {
    return { name: bootstrapName, role: 'admin', credential: this.#bootstrap, sessionHash: null, expiresAt: null };
  }

  /**
   * Whether somebody who was let in is still welcome: for what stays open long after the request, such as streams. Does
   * not count as use of a session. Asking every few seconds makes a revocation take effect that fast.
   */
  async isStillWelcome({ sessionHash, credential }: Welcome): Promise<boolean> {
    if (sessionHash !== null) return (await this.#ofSession(sessionHash, false)) !== null;
    if (credential.tokenId !== null) return this.tokens.isValid(credential.tokenId);
    return credential.bootstrapFingerprint === this.#bootstrap.bootstrapFingerprint;
  }

  async #ofSession(sessionHash: string, use: boolean): Promise<Operator | null> {
    const session = await this.sessions.find(sessionHash, use);
    if (session === null) return null;
    const { credential, token, expiresAt } = session;
    if (token !== null) return { ...token, credential, sessionHash, expiresAt };
    // The installation's token was changed since.
    if (credential.bootstrapFingerprint !== this.#bootstrap.bootstrapFingerprint) return null;
    return { ...this.bootstrap(), sessionHash, expiresAt };
  }
}
