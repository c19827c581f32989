/**
 * The stream of what happens, kept alive. It goes on after the last event it got, so nothing is missed while it was
 * broken; it waits longer after each failure; and a connection on which not even a heartbeat comes is given up.
 *
 * Read with fetch and not EventSource, which hides the status of a refusal and the heartbeats.
 */
import type { EventSourceMessage } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { apiUrl, type Query } from '../api/client.js';
import { problemOf } from '../api/problem.js';

export type LiveStatus = 'connecting' | 'live' | 'waiting' | 'signed_out';

export interface LiveListener {
  status(status: LiveStatus): void;
  /** An event of the stream; `data` is parsed JSON. */
  event(type: string, data: unknown): void;
  /** The stream begins anew and may have skipped something: read everything again. */
  restarted(): void;
}

/** The server says something at least every 15 seconds. */
const silenceMaxMs = 45_000;
const retryMinMs = 500;
const retryMaxMs = 30_000;

/** Follows the stream until `signal` aborts. */
export async function followLive(query: Query, listener: LiveListener, signal: AbortSignal): Promise<void> {
  let cursor: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    listener.status(failures === 0 ? 'connecting' : 'waiting');
    const connection = new AbortController();
    const stop = () => connection.abort();
    signal.addEventListener('abort', stop, { once: true });
    let silence = setTimeout(stop, silenceMaxMs);
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(stop, silenceMaxMs);
    };
    try {
      const response: Response = await fetch(apiUrl('/live', { ...query, after: cursor }), {
        headers: { accept: 'text/event-stream', 'x-signalbox-console': '1' },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: connection.signal,
      });
      if (response.status === 401) {
        listener.status('signed_out');
        return;
      }
      if (response.status === 410) {
        // The store was restored from a backup: the cursor means nothing any more.
        cursor = null;
        continue;
      }
      if (!response.ok || response.body === null) throw await problemOf(response);
      if (cursor === null) listener.restarted();
      listener.status('live');
      failures = 0;
      const events: ReadableStream<EventSourceMessage> = response.body
        .pipeThrough(
          new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
            transform(chunk, controller) {
              heard();
              controller.enqueue(chunk);
            },
          }),
        )
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { event, id, data } of events) {
        if (data !== '') listener.event(event ?? 'message', JSON.parse(data));
        if (id !== undefined) cursor = id;
      }
    } catch {
      // Whatever broke it off, the next attempt says more than the error.
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', stop);
      connection.abort();
    }
    if (signal.aborted) return;
    failures += 1;
    listener.status('waiting');
    await pause(retryDelayMs(failures), signal);
  }
}

/** Doubles up to half a minute, spread by half so that many consoles do not come back in the same instant. */
export function retryDelayMs(failures: number, random = Math.random): number {
  const whole = Math.min(retryMinMs * 2 ** (failures - 1), retryMaxMs);
  return whole / 2 + (whole / 2) * random();
}

/** Ends early when the machine is online again, and when `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
