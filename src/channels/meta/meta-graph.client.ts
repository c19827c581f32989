import { createHmac } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Agent } from 'undici';
import { exchange } from '../../callback/exchange.js';
import { Settings } from '../../config/settings.js';
import { parseJson, toWireJson } from '../../domain/wire-json.js';

/** How a call of the platform ended. */
export type MetaAnswer =
  /** `body` null: it is no JSON object. */
  | { readonly kind: 'answered'; readonly status: number; readonly body: Record<string, unknown> | null }
  /** The platform has not seen it. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** The platform may have done it. */
  | { readonly kind: 'unknown'; readonly reason: string };

const connectTimeoutMs = 3_000;
const answerBytesMax = 1024 * 1024;

/** Calls the platform's Graph API, once: whether to call again is not decided here. */
@Injectable()
export class MetaGraphClient implements OnModuleDestroy {
  readonly #agent = new Agent({ connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });

  constructor(private readonly settings: Settings) {}

  /** Posts to an object's edge, such as `104700000000001/messages`, with the page's token. */
  async post(path: string, token: string, body: Readonly<Record<string, unknown>>): Promise<MetaAnswer> {
    const { META_GRAPH_URL, META_SEND_TIMEOUT_MS } = this.settings.values;
    const url = new URL(`${META_GRAPH_URL.replace(/\/+$/, '')}/${path}`);
    const proof = this.#proofOf(token);
    if (proof !== null) url.searchParams.set('appsecret_proof', proof);
    const answer = await exchange(this.#agent, {
      url,
      method: 'POST',
      // In a header, so that it is in no address that anybody logs.
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: Buffer.from(toWireJson(body)),
      timeoutMs: META_SEND_TIMEOUT_MS,
      answerBytesMax,
      keepBody: true,
    });
    const reason = answer.error ?? 'no answer';
    if (!answer.begun) return { kind: 'unreachable', reason };
    // An answer that broke off may have said anything.
    if (answer.status === undefined || answer.error !== undefined) return { kind: 'unknown', reason };
    return { kind: 'answered', status: answer.status, body: readObject(answer.body.toString('utf8')) };
  }

  async onModuleDestroy(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Proves that the holder of the token is the app itself; apps may be set to require it. */
  #proofOf(token: string): string | null {
    const secret = this.settings.values.META_APP_SECRET;
    return secret === undefined ? null : createHmac('sha256', secret).update(token).digest('hex');
  }
}

function readObject(text: string): Record<string, unknown> | null {
  try {
    const parsed = parseJson(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
