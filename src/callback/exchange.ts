import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AddressRefusedError } from './address-guard.js';

/** One request to a callback or to the platform, with the bounds it is held to. */
export interface ExchangeRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Bytes of the answer that are read; then the connection is destroyed. */
  readonly answerBytesMax: number;
  /** Whether the caller wants the body; otherwise it is only counted. */
  readonly keepBody: boolean;
}

/**
 * How it ended. With a status there was an answer, whatever became of its body; without one, `error` says in words why
 * there was none.
 */
export interface ExchangeResult {
  readonly status?: number;
  readonly headers: IncomingHttpHeaders;
  /** What was read of the body, empty unless it was asked for. */
  readonly body: Buffer;
  readonly error?: string;
  /** Whether the request was begun on a connection: if not, the other side has not seen any of it. */
  readonly begun: boolean;
  readonly durationMs: number;
}

const noBody = Buffer.alloc(0);

/**
 * Performs one exchange. It never rejects: not being answered is an outcome here, not an exception. It works on the
 * dispatcher's callbacks because a promise, a stream and an abort signal for each of thousands of requests a second cost
 * more than the request.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let controller: Dispatcher.DispatchController | undefined;
    let status: number | undefined;
    let headers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    let bytes = 0;
    let settled = false;

    const settle = (error?: string): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve({
        ...(status === undefined ? {} : { status }),
        headers,
        body: chunks.length === 0 ? noBody : Buffer.concat(chunks),
        ...(error === undefined ? {} : { error }),
        begun: controller !== undefined,
        durationMs: performance.now() - startedAt,
      });
    };
    const cutOff = (reason: string): void => {
      settle(reason);
      controller?.abort(new Error(reason));
    };
    const timer = setTimeout(() => cutOff(`no complete answer within ${request.timeoutMs} ms`), request.timeoutMs);

    try {
      dispatcher.dispatch(
        {
          origin: request.url.origin,
          path: request.url.pathname + request.url.search,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
        },
        {
          onRequestStart(started) {
            controller = started;
            // It waited for a free connection until its time was over.
            if (settled) started.abort(new Error('the request is no longer wanted'));
          },
          onResponseStart(_controller, statusCode, responseHeaders) {
            if (statusCode < 200) return;
            status = statusCode;
            headers = responseHeaders;
          },
          onResponseData(_controller, chunk) {
            bytes += chunk.length;
            if (request.keepBody) chunks.push(chunk);
            if (bytes > request.answerBytesMax) cutOff(`the answer is longer than ${request.answerBytesMax} bytes`);
          },
          onResponseEnd: () => settle(),
          onResponseError: (_controller, error) => settle(describeFailure(error)),
        },
      );
    } catch (error) {
      settle(describeFailure(error));
    }
  });
}

/** Why a connection or an answer did not come about, in words for the console. */
function describeFailure(error: unknown): string {
  if (error instanceof AddressRefusedError) return error.message;
  // Read by shape: a socket's errors are not always instances of our realm's classes.
  if (typeof error !== 'object' || error === null) return String(error);
  // Several addresses of one name were tried; the first says enough.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0)
    return describeFailure(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : code;
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused: nothing listens there';
    case 'ENOTFOUND':
      return 'the host name is unknown';
    case 'EAI_AGAIN':
      return 'the host name could not be resolved just now';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host cannot be reached';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'no connection in time';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'EPIPE':
      return 'the connection was closed before an answer was complete';
    default:
      if (/^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code)) return `TLS: ${message}`;
      return message === '' ? 'the request failed' : message;
  }
}
