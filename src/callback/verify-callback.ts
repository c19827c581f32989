import { randomInt } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { exchange } from './exchange.js';

export type CallbackVerification =
  { readonly ok: true } | { readonly ok: false; readonly status?: number; readonly reason: string };

export interface VerifyCallbackOptions {
  readonly timeoutMs?: number;
  /** Injected by tests; random otherwise, so that an answer proves that the question was read. */
  readonly challenge?: string;
}

/**
 * The handshake by which an application shows that a callback is its own: it is asked with the verify token and a
 * challenge, and answers 200 with nothing but the challenge. Anything else fails, with a reason for the person who set
 * the callback; some clients say "no" with a 200 and a text.
 */
export async function verifyCallback(
  dispatcher: Dispatcher,
  callback: URL,
  verifyToken: string,
  { timeoutMs = 5_000, challenge = String(randomInt(100_000_000, 2 ** 32)) }: VerifyCallbackOptions = {},
): Promise<CallbackVerification> {
  const url = new URL(callback);
  // Literal dots: PHP turns them into underscores itself, and other clients read them as they are.
  url.searchParams.append('hub.mode', 'subscribe');
  url.searchParams.append('hub.verify_token', verifyToken);
  url.searchParams.append('hub.challenge', challenge);
  const answer = await exchange(dispatcher, {
    url,
    method: 'GET',
    headers: { accept: '*/*', 'user-agent': 'facebookexternalua' },
    timeoutMs,
    answerBytesMax: 1024,
    keepBody: true,
  });
  if (answer.status === undefined) return { ok: false, reason: `the callback did not answer: ${answer.error}` };
  const { status } = answer;
  if (status >= 300 && status < 400)
    return { ok: false, status, reason: 'the callback redirects, which is not followed' };
  if (status !== 200)
    return {
      ok: false,
      status,
      reason: `the callback answered ${status} instead of 200; does it expect this verify token?`,
    };
  if (answer.error !== undefined)
    return { ok: false, status, reason: `the callback's answer broke off: ${answer.error}` };
  if (answer.body.toString('utf8').trim() !== challenge) {
    return { ok: false, status, reason: 'the callback answered 200, but its body is not the challenge' };
  }
  return { ok: true };
}
