import type { AppId } from './ids.js';
import { socialIdleMs } from './guide.js';
import type { Page } from './page.js';
import type { UserEvent, UserEventType } from './thread/thread.events.js';
import type { EntryPoint, Thread } from './thread/thread.js';

/** Which app an entry point routes a conversation to, and why. */
export interface Assignment {
  /** Null: nothing names an app, so the owner keeps the thread or the default app gets it. */
  readonly appId: AppId | null;
  readonly because: 'ad_route' | 'link_route' | 'social_routing' | 'none';
  readonly entryPoint: EntryPoint;
  /** An app that a route names but that is not connected to the page: the route was skipped. */
  readonly skippedAppId: AppId | null;
}

const opening: ReadonlySet<UserEventType> = new Set<UserEventType>([
  'user.message',
  'user.postback',
  'user.get_started',
  'user.referral',
]);

/** Whether the event can start or continue a conversation; the others never touch control. */
export function isOpening(event: UserEvent): boolean {
  return opening.has(event.type);
}

/**
 * The app an opening event is routed to: the ad's, the link's, or the social app for Get Started and for a released
 * thread without an event of the person for 24 h. A route to an app that is not connected is skipped.
 */
export function assign(thread: Thread, event: UserEvent, page: Page, at: number): Assignment {
  const entryPoint = entryPointOf(thread, event);
  let skippedAppId: AppId | null = null;

  const routed =
    entryPoint.type === 'ad' && entryPoint.adId !== null
      ? (page.adRoutes.get(entryPoint.adId)?.receivingAppId ?? null)
      : entryPoint.type === 'link' && entryPoint.ref !== null
        ? (page.linkRoutes.get(entryPoint.ref) ?? null)
        : null;
  if (routed !== null) {
    if (page.connections.has(routed)) {
      const because = entryPoint.type === 'ad' ? 'ad_route' : 'link_route';
      return { appId: routed, because, entryPoint, skippedAppId };
    }
    skippedAppId = routed;
  }

  const { socialAppId } = page.routing[thread.channel];
  if (socialAppId !== null && isSocial(thread, event, at)) {
    if (page.connections.has(socialAppId)) {
      return { appId: socialAppId, because: 'social_routing', entryPoint, skippedAppId };
    }
    skippedAppId ??= socialAppId;
  }
  return { appId: null, because: 'none', entryPoint, skippedAppId };
}

function isSocial(thread: Thread, event: UserEvent, at: number): boolean {
  // The button that greets a person who came through an ad or a link starts nothing new.
  if (event.type === 'user.get_started') return !repeatsTap(thread.pendingReferral, event);
  return (
    thread.state === 'released' && (thread.lastUserEventAt === null || at - thread.lastUserEventAt >= socialIdleMs)
  );
}

/** How the person came in with this event. A referral that only repeats the tap before it is not a new entry. */
function entryPointOf(thread: Thread, event: UserEvent): EntryPoint {
  const { referral } = event;
  if (referral !== null && !repeatsTap(thread.pendingReferral, event)) {
    if (referral.adId !== null) return { type: 'ad', adId: referral.adId, ref: referral.ref };
    if (referral.ref !== null) return { type: 'link', adId: null, ref: referral.ref };
  }
  return { type: event.type === 'user.get_started' ? 'get_started' : 'organic', adId: null, ref: null };
}

/** The first message after a tap carries the tapped ad or link again; else it would take a passed thread back. */
function repeatsTap(pending: EntryPoint | null, event: UserEvent): boolean {
  return (
    event.type !== 'user.referral' &&
    pending !== null &&
    event.referral !== null &&
    pending.adId === event.referral.adId &&
    pending.ref === event.referral.ref
  );
}
