import type { AppId } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Refusal } from '../domain/thread/refusal.js';

const dayMs = 24 * 60 * 60 * 1000;

/**
 * A refused event of the log for somebody who looks back at it: who could not do what, who owned the thread since when and
 * until when, and what would have helped. Times are UTC, and days as seen from the refusal.
 */
export function refusalInWords(row: LogRow, refusal: Refusal, nameOf: (appId: AppId) => string): string {
  const when = (ms: number) => timeInWords(ms, row.at);
  return `${who(row, nameOf)} could not ${act(row, nameOf)}: ${why(refusal, when, nameOf)}`;
}

function who({ cause, event }: LogRow, nameOf: (appId: AppId) => string): string {
  const app = event.callerAppId ?? cause.appId;
  if (app !== undefined) return nameOf(app);
  return cause.by === 'operator' ? 'An operator' : 'Signalbox';
}

function act({ type, event }: LogRow, nameOf: (appId: AppId) => string): string {
  const target = event.targetAppId === null ? 'another app' : nameOf(event.targetAppId);
  switch (type) {
    case 'app.send':
      return 'write';
    case 'control.pass':
    case 'operator.pass':
      return `pass the thread to ${target}`;
    case 'control.release':
    case 'operator.release':
      return 'release the thread';
    case 'inbox.take':
      return 'take control';
    default:
      return `do this (${type})`;
  }
}

function why(refusal: Refusal, when: (ms: number) => string, nameOf: (appId: AppId) => string): string {
  const { effectiveOwnerAppId, windowExpiresAt } = refusal;
  const owner = effectiveOwnerAppId === null ? null : nameOf(effectiveOwnerAppId);
  const standing = owner === null ? 'nobody owns this thread' : owns(owner, refusal, when);
  switch (refusal.reason) {
    case 'thread_not_owned':
      return owner === null ? `${standing}.` : `${standing}. It can pass control, or wait.`;
    case 'pass_not_owner':
    case 'release_not_owner':
      return `${standing}, and only the app in control may do that.`;
    case 'window_closed':
      return windowExpiresAt === null
        ? 'the person has never written. Nobody may write before they do.'
        : `the messaging window closed at ${when(windowExpiresAt)}. It opens again when the person writes.`;
    case 'app_not_connected':
      return 'the app is not connected to the page. Connect it first.';
    case 'target_not_connected':
      return 'that app is not connected to the page. Connect it first.';
    case 'no_default_app':
      return 'the page has no default app on this channel. Set one, or name the app that is to get the thread.';
    case 'target_is_caller':
      return 'an app cannot pass the thread to itself.';
    case 'target_is_owner':
      return 'that app has the thread already.';
    case 'already_released':
      return 'the thread is released already.';
    case 'routing_on':
      return 'Conversation Routing is on for this page and does not know this call. Pass, take or release instead.';
    case 'routing_off':
      return 'Conversation Routing is off for this page. Give it a default app to turn it on.';
  }
}

function owns(owner: string, { state, ownerSince, expiresAt }: Refusal, when: (ms: number) => string): string {
  if (state === 'released') return `the thread is released, and ${owner} answers as the default app`;
  const since = ownerSince === null ? '' : ` since ${when(ownerSince)}`;
  const until = expiresAt === null ? '' : `, until ${when(expiresAt)}`;
  return `${owner} owns this thread${since}${until}`;
}

/** A time as people say it on the day of `from`; both in milliseconds since 1970. UTC. */
export function timeInWords(ms: number, from: number): string {
  const [date = '', clock = ''] = new Date(ms).toISOString().split('T');
  const time = `${clock.slice(0, 5)} UTC`;
  const days = Math.floor(ms / dayMs) - Math.floor(from / dayMs);
  if (days === 0) return time;
  if (days === 1) return `${time} tomorrow`;
  if (days === -1) return `${time} yesterday`;
  return `${time} on ${date}`;
}
