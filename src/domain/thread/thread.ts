import type { AppId, PageId, Psid } from '../ids.js';
import type { Channel } from '../page.js';

export const threadStates = ['released', 'default-owned', 'marketing-owned', 'passed'] as const;
/** See `thread.machine.ts` for what each state means. */
export type ThreadState = (typeof threadStates)[number];

export const entryPointTypes = ['ad', 'link', 'get_started', 'organic'] as const;
export type EntryPointType = (typeof entryPointTypes)[number];

/** How a person came in: what names the conversation until control leaves the app it was routed to. */
export interface EntryPoint {
  readonly type: EntryPointType;
  readonly adId: string | null;
  readonly ref: string | null;
}

/** What the machine knows of a thread besides its state: plain JSON, times in milliseconds since 1970. */
export interface ThreadContext {
  /** The recorded owner: null while released. */
  readonly ownerAppId: AppId | null;
  readonly previousOwnerAppId: AppId | null;
  readonly entryPoint: EntryPoint | null;
  /** When the recorded owner got the thread. */
  readonly ownerSince: number | null;
  /** The last event of the person that opens the messaging window. */
  readonly lastUserEventAt: number | null;
  /** A tapped ad or link that no message of the person has followed yet; the first one repeats it inline. */
  readonly pendingReferral: EntryPoint | null;
}

/** A thread: one person with one page. The fold of its log rows. */
export interface Thread extends ThreadContext {
  readonly pageId: PageId;
  readonly psid: Psid;
  readonly channel: Channel;
  readonly state: ThreadState;
  /** When control is released if the person stays silent; null while released. */
  readonly deadlineAt: number | null;
  /** Rises by one with every change of state or owner. */
  readonly version: number;
  /** Time of the thread's newest log row: the thread's time never runs backwards. */
  readonly lastAt: number;
}

/** A thread of which nothing has happened yet. */
export function newThread(pageId: PageId, psid: Psid, channel: Channel): Thread {
  return {
    pageId,
    psid,
    channel,
    state: 'released',
    ownerAppId: null,
    previousOwnerAppId: null,
    entryPoint: null,
    ownerSince: null,
    lastUserEventAt: null,
    pendingReferral: null,
    deadlineAt: null,
    version: 0,
    lastAt: 0,
  };
}
