import type { Dispatcher } from 'undici';
import { exchange } from '../callback/exchange.js';
import { parseRetryAfterMs } from './back-off.js';
import { signatureHeaders } from './signature.js';

/** What an app did not get because it came due: told with the next delivery. */
export interface DeliveryGap {
  readonly count: number;
  readonly firstDeliveryId: string;
}

/** One attempt at one delivery. */
export interface WebhookPost {
  readonly url: string;
  /** The receiving app's secret. */
  readonly secret: string;
  /** The bytes to send and to sign, the same in every attempt. */
  readonly body: Buffer;
  readonly deliveryId: string;
  /** Names the request that led to it, here and in the app's own log; several with commas. */
  readonly traceId?: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly gap?: DeliveryGap;
  /** Someone asked for this delivery to be sent again. */
  readonly replay?: boolean;
}

/** How an attempt ended. `status` is missing when there was no answer at all. */
export type PostResult =
  | { readonly ok: true; readonly status: number; readonly durationMs: number }
  | {
      readonly ok: false;
      readonly status?: number;
      readonly error: string;
      readonly durationMs: number;
      /** How long the app asked us to wait, within our limits. */
      readonly retryAfterMs?: number;
    };

const answerBytesMax = 20 * 1024;

/** Posts signed webhooks. A failed POST is a result, never an exception. */
export class WebhookClient {
  /**
   * @param dispatcher the guarded agent: it checks addresses, and never follows a redirect
   * @param timeoutMs from the call to the end of the answer
   */
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly timeoutMs = 5_000,
  ) {}

  async post(post: WebhookPost): Promise<PostResult> {
    const url = URL.parse(post.url);
    if (url === null) return { ok: false, error: 'the callback is not a URL', durationMs: 0 };
    const answer = await exchange(this.dispatcher, {
      url,
      method: 'POST',
      headers: webhookHeaders(post),
      body: post.body,
      timeoutMs: this.timeoutMs,
      answerBytesMax,
      keepBody: false,
    });
    const { status, durationMs } = answer;
    if (status === undefined) return { ok: false, error: answer.error ?? 'no answer', durationMs };
    // The status came with the first line: what becomes of the rest of the answer does not undo an acknowledgement.
    if (status >= 200 && status < 300) return { ok: true, status, durationMs };
    const error =
      status >= 300 && status < 400 ? `answered ${status}: redirects are not followed` : `answered ${status}`;
    const retryAfter = answer.headers['retry-after'];
    const mayAskToWait = status === 429 || status === 503;
    const retryAfterMs =
      mayAskToWait && retryAfter !== undefined ? parseRetryAfterMs(retryAfter, Date.now()) : undefined;
    return { ok: false, status, error, durationMs, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }

  /** Lets go of the connections; for when nothing is posted any more. */
  close(): Promise<void> {
    return this.dispatcher.close();
  }
}

/** The platform's headers as receivers know them, and ours. */
function webhookHeaders(post: WebhookPost): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Accept: '*/*',
    'Accept-Encoding': 'deflate, gzip',
    'User-Agent': 'facebookexternalua',
    'Facebook-API-Version': 'unversioned',
    ...signatureHeaders(post.secret, post.body),
    'X-Signalbox-Delivery': post.deliveryId,
    'X-Signalbox-Attempt': String(post.attempt),
  };
  if (post.traceId !== undefined) headers['X-Signalbox-Trace'] = post.traceId;
  if (post.gap !== undefined) {
    headers['X-Signalbox-Gap'] = `count=${post.gap.count}; first=${post.gap.firstDeliveryId}`;
  }
  if (post.replay === true) headers['X-Signalbox-Replay'] = 'true';
  return headers;
}
