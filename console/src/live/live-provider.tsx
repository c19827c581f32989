import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { signedOut } from '../api/client.js';
import { applyLiveEvent } from './apply.js';
import { followLive, type LiveStatus } from './live-client.js';

const LiveStatusContext = createContext<LiveStatus>('connecting');

/** One stream for the whole console; its events keep what the screens show up to date. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>('connecting');
  useEffect(() => {
    const ended = new AbortController();
    void followLive(
      {},
      {
        status: (next) => {
          setStatus(next);
          if (next === 'signed_out') signedOut.dispatchEvent(new Event('signed-out'));
        },
        event: (type, data) => applyLiveEvent(client, type, data),
        restarted: () => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'machine' }),
      },
      ended.signal,
    );
    return () => ended.abort();
  }, [client]);
  return <LiveStatusContext value={status}>{children}</LiveStatusContext>;
}

export function useLiveStatus(): LiveStatus {
  return useContext(LiveStatusContext);
}
