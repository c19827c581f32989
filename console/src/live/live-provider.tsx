import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useEffectEvent, useState, type ReactNode } from 'react';
import { signedOut } from '../api/client.js';
import { applyLiveEvents, type LiveEvent } from './apply.js';
import { followLive, type LiveStatus } from './live-client.js';

type Listener = (events: readonly LiveEvent[]) => void;

const LiveStatusContext = createContext<LiveStatus>('connecting');
const ListenersContext = createContext<Set<Listener>>(new Set());

/** How long events are gathered before they are applied, in milliseconds: a burst is one change of the screen. */
const gatherMs = 40;

/** One stream for the whole console; its events keep what the screens show up to date. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>('connecting');
  const [listeners] = useState(() => new Set<Listener>());
  useEffect(() => {
    const ended = new AbortController();
    let gathered: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const apply = () => {
      const events = gathered;
      gathered = [];
      timer = null;
      applyLiveEvents(client, events);
      for (const listener of listeners) listener(events);
    };
    void followLive(
      {},
      {
        status: (next) => {
          setStatus(next);
          if (next === 'signed_out') signedOut.dispatchEvent(new Event('signed-out'));
        },
        event: (type, data) => {
          gathered.push({ type, data });
          timer ??= setTimeout(apply, gatherMs);
        },
        restarted: () => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'machine' }),
      },
      ended.signal,
    );
    return () => {
      ended.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client, listeners]);
  return (
    <ListenersContext value={listeners}>
      <LiveStatusContext value={status}>{children}</LiveStatusContext>
    </ListenersContext>
  );
}

export function useLiveStatus(): LiveStatus {
  return useContext(LiveStatusContext);
}

/** Hears the events of the stream after they have been applied, some at a time. */
export function useLiveEvents(listener: Listener): void {
  const listeners = useContext(ListenersContext);
  const heard = useEffectEvent(listener);
  useEffect(() => {
    const hear: Listener = (events) => heard(events);
    listeners.add(hear);
    return () => {
      listeners.delete(hear);
    };
  }, [listeners]);
}
