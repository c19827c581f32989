import type { Dispatcher } from 'undici';
import { exchange } from '../callback/exchange.js';
import { webhookHeaders, type SignedWebhook } from '../callback/webhook-headers.js';
import type { Clock } from '../clock/clock.js';
import { parseRetryAfterMs } from './back-off.js';

/** One attempt at one delivery. */
export interface WebhookPost extends SignedWebhook {
  readonly url: string;
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
   * @param clock against which a date in `Retry-After` is read when the answer does not say what time its sender has
   * @param timeoutMs from the call to the end of the answer
   */
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
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
      mayAskToWait && retryAfter !== undefined
        ? parseRetryAfterMs(retryAfter, this.#senderNow(answer.headers.date))
        : undefined;
    return { ok: false, status, error, durationMs, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }

  /** What time the sender of an answer has: only by its own clock is a date of its own a duration. */
  #senderNow(date: string | string[] | undefined): number {
    const said = typeof date === 'string' ? Date.parse(date) : NaN;
    return Number.isNaN(said) ? this.clock.now() : said;
  }

  /** Lets go of the connections; for when nothing is posted any more. */
  close(): Promise<void> {
    return this.dispatcher.close();
  }
}
