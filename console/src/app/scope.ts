import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { Channel } from '../api/types.js';

/** What the console looks at: a page and a channel of it. Kept in the address, so that a link shows the same. */
export interface Scope {
  /** Null: all pages. */
  readonly pageId: string | null;
  /** Null: both channels. */
  readonly channel: Channel | null;
  readonly set: (scope: { pageId?: string | null; channel?: Channel | null }) => void;
  /** An address that keeps the scope. */
  readonly to: (path: string, query?: Readonly<Record<string, string>>) => string;
}

export function useScope(): Scope {
  const [parameters, setParameters] = useSearchParams();
  const pageId = parameters.get('page');
  const named = parameters.get('channel');
  const channel = named === 'messenger' || named === 'instagram' ? named : null;
  return useMemo(
    () => ({
      pageId,
      channel,
      set: (scope) =>
        setParameters((before) => {
          const next = new URLSearchParams(before);
          if (scope.pageId !== undefined) put(next, 'page', scope.pageId);
          if (scope.channel !== undefined) put(next, 'channel', scope.channel);
          return next;
        }),
      to: (path, query = {}) => {
        const next = new URLSearchParams(query);
        if (pageId !== null) next.set('page', pageId);
        if (channel !== null) next.set('channel', channel);
        const text = next.toString();
        return text === '' ? path : `${path}?${text}`;
      },
    }),
    [pageId, channel, setParameters],
  );
}

function put(parameters: URLSearchParams, name: string, value: string | null): void {
  if (value === null) parameters.delete(name);
  else parameters.set(name, value);
}
