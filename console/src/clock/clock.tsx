/**
 * Time as the server has it. In the emulator it is moved by hand, and even a gateway's may differ from this machine's; so
 * every deadline is counted against it, never against `Date.now()` alone.
 */
import { useQuery } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import { api } from '../api/client.js';
import { keys, sessionQuery } from '../api/queries.js';

interface ServerClock {
  /** Milliseconds since 1970, by the server. */
  now(): number;
}
const ClockContext = createContext<ServerClock>({ now: () => Date.now() });

/** Reads the emulator's clock; a gateway runs on real time. */
export function ClockProvider({ children }: { children: ReactNode }) {
  const { data: session } = useQuery(sessionQuery);
  const { data: offset = 0 } = useQuery({
    queryKey: keys.clock,
    enabled: session?.mode === 'emulator',
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const { now } = await api.get<{ now: string }>('/simulator/clock', {}, signal);
      return Date.parse(now) - Date.now();
    },
  });
  const clock = useMemo<ServerClock>(() => ({ now: () => Date.now() + offset }), [offset]);
  return <ClockContext value={clock}>{children}</ClockContext>;
}

export function useServerClock(): ServerClock {
  return useContext(ClockContext);
}

/** The server's time, anew every `everyMs` milliseconds and as a whole number of these. */
export function useNow(everyMs = 1_000): number {
  const clock = useServerClock();
  const subscribe = useCallback(
    (changed: () => void) => {
      const timer = setInterval(changed, everyMs);
      return () => clearInterval(timer);
    },
    [everyMs],
  );
  return useSyncExternalStore(subscribe, () => Math.floor(clock.now() / everyMs) * everyMs);
}
