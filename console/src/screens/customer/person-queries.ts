/** What a simulated person sees and does. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import type { personActionSchema } from '../../../../src/channels/simulator/person-action.js';
import type {
  actionResultSchema,
  profileSchema,
  seenMessageSchema,
} from '../../../../src/channels/simulator/person.view.js';
import { api, path } from '../../api/client.js';
import { everything } from '../../api/everything.js';
import { ApiProblem } from '../../api/problem.js';
import { keys, threadQuery } from '../../api/queries.js';
import type { Channel, Thread } from '../../api/types.js';

export type SeenMessage = z.infer<typeof seenMessageSchema>;
export type Profile = z.infer<typeof profileSchema>;
export type PersonAction = z.input<typeof personActionSchema>;
export type ActionResult = z.infer<typeof actionResultSchema>;

/** A person of a page on a channel. */
export interface Person {
  readonly pageId: string;
  readonly psid: string;
  readonly channel: Channel;
}

/** The simulator answers at most so many messages at once. */
const messagesAtOnce = 200;

/** Whoever has never been in touch has no thread, which is no failure here. */
async function orIfNew<Answer>(answer: Promise<Answer>, fallback: Answer): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'thread_not_found') return fallback;
    throw error;
  }
}

const people = ({ pageId, psid }: Person) => path`/simulator/pages/${pageId}/people/${psid}`;

export const messagesQuery = (person: Person) =>
  queryOptions({
    queryKey: [...keys.thread(person.pageId, person.psid), 'messages'],
    queryFn: ({ signal }) =>
      orIfNew(everything<SeenMessage>(`${people(person)}/messages`, { limit: messagesAtOnce }, signal), []),
  });

export const profileQuery = (person: Person) =>
  queryOptions({
    queryKey: [...keys.configuration, 'profile', person.pageId, person.psid],
    queryFn: ({ signal }) => api.get<Profile>(`${people(person)}/profile`, { channel: person.channel }, signal),
  });

/** The thread of a person; null before they are in touch. */
export const personThreadQuery = (person: Person) => {
  const { queryKey } = threadQuery(person.pageId, person.psid);
  return queryOptions<Thread | null>({
    queryKey: [...queryKey, 'of-person'],
    queryFn: ({ signal }) =>
      orIfNew<Thread | null>(api.get(path`/threads/${person.pageId}/${person.psid}`, {}, signal), null),
  });
};

/** Lets the person do something; what it changes is read again, as a first action makes the thread. */
export function usePersonAction(person: Person) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (action: PersonAction) =>
      api.post<ActionResult>(`${people(person)}/actions`, { ...action, channel: person.channel }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.thread(person.pageId, person.psid) }),
  });
}

/** What the simulator calls people: by the end of the id, as the names in its profiles. */
export function simulatedName(psid: string): string {
  return `Person ${psid.slice(-4)}`;
}
