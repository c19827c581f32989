import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { appId } from '../domain/ids.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import type { App, TokenHolder } from '../store/configuration.js';
import { hasHash, sha256 } from '../store/opaque-token.js';
import { isAppsecretProof } from './appsecret-proof.js';
import type { Caller } from './graph-call.js';
import { GraphError } from './graph-error.js';
import type { GraphRequest } from './request-parameters.js';

/** What a token turns out to be. */
export type TokenMeaning =
  | { readonly kind: 'page'; readonly holder: TokenHolder; readonly app: App; readonly expired: boolean }
  | { readonly kind: 'app'; readonly app: App }
  | null;

/** Finds out who calls. Tokens are kept as hashes, so that a copy of the database gives nobody access. */
@Injectable()
export class CallerAuthenticator {
  constructor(
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
  ) {}

  /** @throws GraphError if there is no valid token, or a proof that is not one for it. */
  authenticate({ accessToken, appsecretProof }: Pick<GraphRequest, 'accessToken' | 'appsecretProof'>): Caller {
    if (accessToken === null) throw new GraphError('no_token');
    const meaning = this.meaningOf(accessToken);
    if (meaning === null) {
      throw new GraphError(/^(?:EAA\w+|\d+\|.+)$/.test(accessToken) ? 'invalid_token' : 'unparseable_token');
    }
    if (appsecretProof === null) {
      if (meaning.app.appsecretProofRequired) throw new GraphError('proof_required');
    } else if (!this.#someSecret(meaning.app, (secret) => isAppsecretProof(appsecretProof, accessToken, secret))) {
      throw new GraphError('invalid_proof');
    }
    if (meaning.kind === 'app') return meaning;
    if (meaning.expired) throw new GraphError('expired_token');
    const page = this.configuration.current().pages.get(meaning.holder.pageId);
    const connection = page?.connections.get(meaning.app.appId);
    if (page === undefined || connection === undefined) throw new GraphError('app_not_connected');
    return { kind: 'page', app: meaning.app, page, connection, accessToken };
  }

  /** What the token is, valid or expired; null if it is none of ours. */
  meaningOf(accessToken: string): TokenMeaning {
    const { apps, tokens } = this.configuration.current();
    const pipe = accessToken.indexOf('|');
    if (pipe >= 0) {
      const app = apps.get(appId(accessToken.slice(0, pipe)));
      const given = accessToken.slice(pipe + 1);
      if (app === undefined || !this.#someSecret(app, (secret) => isSecret(given, secret))) return null;
      return { kind: 'app', app };
    }
    const holder = tokens.get(sha256(accessToken));
    const app = holder === undefined ? undefined : apps.get(holder.appId);
    if (holder === undefined || app === undefined) return null;
    const expired = holder.expiresAt !== null && holder.expiresAt <= this.clock.now();
    return { kind: 'page', holder, app, expired };
  }

  /** Whether it holds for the app's secret, or for the one of before while that may still be used. */
  #someSecret({ secret, previousSecret }: App, holds: (secret: string) => boolean): boolean {
    if (holds(secret)) return true;
    return previousSecret !== null && previousSecret.expiresAt > this.clock.now() && holds(previousSecret.secret);
  }
}

function isSecret(given: string, secret: string): boolean {
  return hasHash(given, sha256(secret));
}
