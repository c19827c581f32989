import type { AppId } from '../domain/ids.js';
import type { Refusal } from '../domain/thread/refusal.js';
import { instant } from '../views/instant.js';

/** Why the thread refused, who has it, since when, until when, and what would help: one text for people. */
export function refusalSentence(refusal: Refusal, nameOf: (appId: AppId) => string): string {
  return `${what(refusal)} ${standing(refusal, nameOf)}`;
}

function what({ reason, windowExpiresAt }: Refusal): string {
  switch (reason) {
    case 'app_not_connected':
      return 'The app is not connected to this page: connect it first.';
    case 'thread_not_owned':
      return 'The app does not control this thread: its owner may pass it, or let the app take control (can_take_control).';
    case 'window_closed':
      return windowExpiresAt === null
        ? 'The person has never written, so nobody may write to them yet.'
        : `The messaging window closed at ${instant(windowExpiresAt)}: it opens again when the person writes.`;
    case 'pass_not_owner':
      return 'Only the app in control may pass the thread.';
    case 'release_not_owner':
      return 'Only the app in control may release the thread.';
    case 'no_default_app':
      return 'The page has no default app on this channel: name the app that is to get the thread.';
    case 'target_not_connected':
      return 'The app that is to get the thread is not connected to this page: connect it first.';
    case 'target_is_caller':
      return 'The app cannot pass the thread to itself.';
    case 'target_is_owner':
      return 'The app has the thread already.';
    case 'already_released':
      return 'The thread is released already.';
    case 'routing_on':
      return 'Conversation Routing is on for this page, and it does not know this call.';
    case 'routing_off':
      return 'Conversation Routing is off for this page: it has no default app.';
  }
}

function standing({ state, effectiveOwnerAppId, ownerSince, expiresAt }: Refusal, nameOf: (appId: AppId) => string) {
  if (effectiveOwnerAppId === null) return 'Nobody controls the thread: it is released and there is no default app.';
  const owner = nameOf(effectiveOwnerAppId);
  if (state === 'released') return `The thread is released: ${owner} answers it as the default app.`;
  const since = ownerSince === null ? '' : ` since ${instant(ownerSince)}`;
  const until = expiresAt === null ? '' : `, until ${instant(expiresAt)} if the person stays silent`;
  return `${owner} controls the thread${since}${until}.`;
}
