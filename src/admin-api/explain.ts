import type { AppId } from '../domain/ids.js';
import type { Assignment } from '../domain/entry-point.js';
import type { Notice } from '../domain/notice.js';
import { defaultAppOf, type Page } from '../domain/page.js';
import { asOf, decide, effectiveOwnerOf, type Decision } from '../domain/thread/decide.js';
import type { Thread } from '../domain/thread/thread.js';
import type { UserEvent } from '../domain/thread/thread.events.js';
import { instant } from '../views/instant.js';

/** What would happen if a person did something, and why. */
export interface Explanation {
  readonly before: Thread;
  readonly decision: Decision;
  readonly because: 'ad_route' | 'link_route' | 'social_routing' | 'default_app' | 'owner' | 'nobody';
  /** The reasons one after the other, for people. */
  readonly sentences: readonly string[];
}

/** Decides an event without anything happening. Pure: the same arguments give the same explanation. */
export function explain(
  thread: Thread,
  event: UserEvent,
  page: Page,
  at: number,
  nameOf: (appId: AppId) => string,
): Explanation {
  const before = asOf(thread, page, at);
  const decision = decide(before, event, page, Math.max(at, before.lastAt));
  const because = reason(before, decision, page);
  return {
    before,
    decision,
    because,
    sentences: [
      standing(before, page, nameOf),
      ...skipped(decision.assignment, nameOf),
      verdict(because, decision, page, nameOf),
      ...decision.notices.map((notice) => told(notice, nameOf)),
      ...silent(decision, page, nameOf),
    ],
  };
}

function reason(before: Thread, { assignment }: Decision, page: Page): Explanation['because'] {
  if (assignment !== null && assignment.because !== 'none') return assignment.because;
  if (before.ownerAppId !== null) return 'owner';
  return defaultAppOf(page, before.channel) === null ? 'nobody' : 'default_app';
}

function standing(before: Thread, page: Page, nameOf: (appId: AppId) => string): string {
  const owner = effectiveOwnerOf(before, page);
  if (before.ownerAppId !== null) {
    const until = before.deadlineAt === null ? '' : `, until ${instant(before.deadlineAt)} if the person stays silent`;
    return `The thread is ${before.state}: ${nameOf(before.ownerAppId)} controls it${until}.`;
  }
  return owner === null
    ? `The thread is released, and the page has no default app on ${before.channel}.`
    : `The thread is released: ${nameOf(owner)} is the default app on ${before.channel}.`;
}

function skipped(assignment: Assignment | null, nameOf: (appId: AppId) => string): string[] {
  if (assignment === null || assignment.skippedAppId === null) return [];
  return [
    `${nameOf(assignment.skippedAppId)} is named by a route but not connected to the page, so that route is skipped.`,
  ];
}

function verdict(
  because: Explanation['because'],
  { thread, assignment }: Decision,
  page: Page,
  nameOf: (appId: AppId) => string,
): string {
  const owner = effectiveOwnerOf(thread, page);
  const name = owner === null ? 'nobody' : nameOf(owner);
  const entry = assignment?.entryPoint;
  switch (because) {
    case 'ad_route':
      return `The ad ${entry?.adId ?? ''} routes to ${name}, which gets the thread.`;
    case 'link_route':
      return `The link "${entry?.ref ?? ''}" routes to ${name}, which gets the thread.`;
    case 'social_routing':
      return `Get Started, or the first event in 24 hours, goes to the social app: ${name} gets the thread.`;
    case 'owner':
      return `Nothing routes it elsewhere: ${name} keeps the thread.`;
    case 'default_app':
      return `Nothing routes it elsewhere: it goes to the default app, ${name}.`;
    case 'nobody':
      return 'Nothing routes it, and there is no default app: every subscribed app gets it.';
  }
}

function told(notice: Notice, nameOf: (appId: AppId) => string): string {
  switch (notice.kind) {
    case 'pass':
      return `${nameOf(notice.appId)} is told that it gets the thread (pass_thread_control).`;
    case 'take':
      return `${nameOf(notice.appId)} is told that it loses the thread (take_thread_control).`;
    case 'event':
      return notice.field === 'messaging'
        ? `${nameOf(notice.appId)} gets the event.`
        : `${nameOf(notice.appId)} gets a copy on standby.`;
  }
}

function silent({ notices }: Decision, page: Page, nameOf: (appId: AppId) => string): string[] {
  const hears = new Set(notices.filter(({ kind }) => kind === 'event').map(({ appId }) => appId));
  return [...page.connections.keys()]
    .filter((appId) => !hears.has(appId))
    .map((appId) => `${nameOf(appId)} hears nothing of the event: it lacks the field, or standby on this channel.`);
}
