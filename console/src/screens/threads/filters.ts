import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { Channel, EntryPoint, Thread, ThreadState } from '../../api/types.js';
import { useScope } from '../../app/scope.js';

/** What a list of threads shows; all of it is in the address. */
export interface ThreadFilters {
  readonly page_id: string | null;
  readonly channel: Channel | null;
  readonly state: ThreadState | null;
  readonly owner_app_id: string | null;
  readonly entry_point: EntryPoint['type'] | null;
  /** A person, by the beginning of the id or by name. */
  readonly q: string | null;
  readonly sort: 'recent' | 'deadline';
}

export const states: readonly ThreadState[] = ['released', 'default-owned', 'marketing-owned', 'passed'];
export const entryPoints: readonly EntryPoint['type'][] = ['ad', 'link', 'get_started', 'organic'];

/** Their names in the address; what belongs to the scope is not among them. */
const names = { state: 'state', owner_app_id: 'owner', entry_point: 'entry', q: 'q', sort: 'sort' } as const;
type Own = keyof typeof names;

export function useThreadFilters(): {
  filters: ThreadFilters;
  set: (name: Own, value: string | null) => void;
  clear: () => void;
  any: boolean;
} {
  const scope = useScope();
  const [parameters, setParameters] = useSearchParams();
  const filters = useMemo<ThreadFilters>(
    () => ({
      page_id: scope.pageId,
      channel: scope.channel,
      state: oneOf(states, parameters.get(names.state)),
      owner_app_id: parameters.get(names.owner_app_id),
      entry_point: oneOf(entryPoints, parameters.get(names.entry_point)),
      q: parameters.get(names.q),
      sort: parameters.get(names.sort) === 'deadline' ? 'deadline' : 'recent',
    }),
    [scope.pageId, scope.channel, parameters],
  );
  return {
    filters,
    set: (name, value) =>
      setParameters(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === null || value === '') next.delete(names[name]);
          else next.set(names[name], value);
          return next;
        },
        { replace: true },
      ),
    clear: () =>
      setParameters((before) => {
        const next = new URLSearchParams(before);
        for (const name of Object.values(names)) if (name !== 'sort') next.delete(name);
        return next;
      }),
    any: filters.state !== null || filters.owner_app_id !== null || filters.entry_point !== null || filters.q !== null,
  };
}

function oneOf<Value extends string>(values: readonly Value[], text: string | null): Value | null {
  return values.find((value) => value === text) ?? null;
}

/** Whether a thread belongs in a list; null: only the server can tell. */
export function matches(thread: Thread, filters: ThreadFilters): boolean | null {
  const fits =
    (filters.page_id === null || thread.page_id === filters.page_id) &&
    (filters.channel === null || thread.channel === filters.channel) &&
    (filters.state === null || thread.state === filters.state) &&
    (filters.owner_app_id === null || thread.owner_app_id === filters.owner_app_id) &&
    (filters.entry_point === null || thread.entry_point?.type === filters.entry_point);
  return fits && filters.q !== null ? null : fits;
}
