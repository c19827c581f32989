import { Injectable } from '@nestjs/common';
import { Settings } from '../../config/settings.js';
import type { Page } from '../../domain/page.js';
import { parseJson, toWireJson } from '../../domain/wire-json.js';
import { ConfigurationCache } from '../../store/configuration.cache.js';
import { PlatformError, type PlatformAnswer } from '../channel.js';
import { MetaGraphClient, type MetaCall } from './meta-graph.client.js';

/** For whom a call is made: what the platform says of itself is told in its terms. */
export interface ForwardedFor {
  /** The app's own token of the page. */
  readonly accessToken: string;
  /** Where the app finds this server. */
  readonly baseUrl: string;
}

/**
 * Calls of apps that only the platform can answer, made with the page's own token. Apps never see that: wherever the
 * platform writes it, as it does in the addresses of further pages of a list, theirs stands instead, and this server's
 * address for the platform's.
 */
@Injectable()
export class MetaForwarder {
  constructor(
    private readonly configuration: ConfigurationCache,
    private readonly graph: MetaGraphClient,
    private readonly settings: Settings,
  ) {}

  /** @throws PlatformError if there is no answer, or a refusal. */
  async forward(page: Page, call: Omit<MetaCall, 'token'>, app: ForwardedFor): Promise<PlatformAnswer> {
    const token = this.configuration.current().metaTokens.get(page.pageId);
    if (token === undefined) throw notConfigured(page);
    const answer = await this.graph.call({ ...call, token });
    // None of these calls does anything that may not be done twice.
    if (answer.kind !== 'answered') {
      throw new PlatformError('unreachable', `The platform could not be reached: ${answer.reason}.`);
    }
    const told = { ...answer, body: answer.body === null ? null : this.#inTermsOf(app, token, answer.body) };
    if (told.status !== 200 || told.body === null) {
      throw new PlatformError('refused', `The platform answered ${told.status}.`, told);
    }
    return { ...told, body: told.body };
  }

  #inTermsOf({ accessToken, baseUrl }: ForwardedFor, token: string, body: object): object {
    const platform = new URL(this.settings.values.META_GRAPH_URL).origin;
    const text = toWireJson(body)
      .replaceAll(inside(token), inside(accessToken))
      .replaceAll(inside(`${platform}/`), inside(`${baseUrl}/`));
    return parseJson(text) as object; // it was one
  }
}

/** A text as it stands inside wire JSON. */
function inside(text: string): string {
  return toWireJson(text).slice(1, -1);
}

export function notConfigured({ pageId }: Page): PlatformError {
  return new PlatformError(
    'not_configured',
    `Page ${pageId} has no Meta page access token: set meta.page_access_token of the page.`,
  );
}
