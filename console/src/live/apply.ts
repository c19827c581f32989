import type { QueryClient } from '@tanstack/react-query';
import { keys } from '../api/queries.js';

/** What the events of a thread name. */
interface OfThread {
  readonly page_id: string;
  readonly psid: string;
}

/** Brings what the screens have read up to date with one event of the stream. */
export function applyLiveEvent(client: QueryClient, type: string, data: unknown): void {
  switch (type) {
    case 'log':
    case 'delivery': {
      if (!isOfThread(data)) return;
      later(client, keys.thread(data.page_id, data.psid));
      later(client, type === 'log' ? keys.threads : keys.deliveries);
      return;
    }
    case 'configuration':
      later(client, keys.configuration);
      return;
    case 'clock':
      // Moved by hand, time may have released any thread; each of these comes as an event of its own.
      void client.invalidateQueries({ queryKey: keys.clock });
      return;
    default:
  }
}

function isOfThread(data: unknown): data is OfThread {
  return typeof data === 'object' && data !== null && 'page_id' in data && 'psid' in data;
}

/** How long events are gathered before what they touch is read again, in milliseconds: a burst costs one read. */
const gatherMs = 60;
const waiting = new Map<string, ReturnType<typeof setTimeout>>();

function later(client: QueryClient, queryKey: readonly string[]): void {
  const name = JSON.stringify(queryKey);
  if (waiting.has(name)) return;
  waiting.set(
    name,
    setTimeout(() => {
      waiting.delete(name);
      void client.invalidateQueries({ queryKey });
    }, gatherMs),
  );
}
