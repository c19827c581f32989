/** Which threads want a human, and what a human may do with one. */
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.js';
import type { App, Channel, Connection, ListPage, Role, Thread } from '../../api/types.js';

export const shows = ['waiting', 'apps', 'all'] as const;
export type Show = (typeof shows)[number];

/** As many as a human looks through; the list says when there are more. */
export const threadsMax = 200;

/** Not under the lists of threads, which are read page by page and patched as such. */
export const keysOfInbox = ['inbox'] as const;

interface Where {
  readonly pageId: string | null;
  readonly channel: Channel | null;
}

export const inboxThreadsQuery = ({ pageId, channel }: Where) =>
  queryOptions({
    queryKey: [...keysOfInbox, pageId, channel],
    queryFn: ({ signal }) =>
      api.get<ListPage<Thread>>('/threads', { page_id: pageId, channel, sort: 'recent', limit: threadsMax }, signal),
  });

/** Whether a thread waits for a human: an inbox has it, or nobody does. */
export function waits(thread: Thread, inboxes: ReadonlySet<string>): boolean {
  const owner = thread.effective_owner_app_id;
  return owner === null || inboxes.has(owner);
}

export function inboxIds(apps: readonly App[]): ReadonlySet<string> {
  return new Set(apps.filter(({ kind }) => kind === 'inbox').map(({ app_id }) => app_id));
}

/** Humans may answer for so much longer than `window_expires_at`, which is that of apps. */
const humanWindowMs = 6 * 86_400_000;

export type Answering =
  | { readonly may: true; readonly inboxId: string; /** Who loses control by it. */ readonly takesFrom: string | null }
  | { readonly may: false; readonly why: string };

/** Whether a human may answer now, and from whom that takes control. */
export function answering(
  thread: Thread,
  connections: readonly Connection[],
  inboxes: ReadonlySet<string>,
  role: Role,
  now: number,
  nameOf: (appId: string) => string,
): Answering {
  const owner = thread.effective_owner_app_id;
  const holds = owner === null ? 'Nobody has this conversation' : `${nameOf(owner)} has this conversation`;
  if (role === 'viewer') {
    return { may: false, why: `${holds}. You are signed in as a viewer, and answering takes an operator.` };
  }
  const connected = connections.filter(({ app_id }) => inboxes.has(app_id)).map(({ app_id }) => app_id);
  const inboxId = owner !== null && connected.includes(owner) ? owner : connected[0];
  if (inboxId === undefined) {
    return {
      may: false,
      why: `${holds}, and no inbox may take it: connect an app of kind inbox to the page, in Configuration.`,
    };
  }
  if (thread.window_expires_at === null) {
    return { may: false, why: 'The person has never written, so nobody may write to them yet.' };
  }
  if (Date.parse(thread.window_expires_at) + humanWindowMs <= now) {
    return {
      may: false,
      why: 'The person has not written for seven days. Answering is possible once they write again.',
    };
  }
  return { may: true, inboxId, takesFrom: owner === null || owner === inboxId ? null : owner };
}
