import type { LogEntry } from '../../api/types.js';
import { moment } from '../../clock/format.js';
import { at, contentOf, string, type Step } from './story.js';

export interface Names {
  readonly person: string;
  readonly nameOf: (appId: string) => string;
}

/** What kind of thing an event is, which gives it its colour and picture. */
export type StepKind = 'person' | 'app' | 'control' | 'time' | 'refusal' | 'system';

export function kindOf({ entry, ownerChanged }: Step): StepKind {
  if (entry.outcome === 'refused') return 'refusal';
  if (entry.type === 'control.expired') return 'time';
  if (entry.type.startsWith('user.')) return 'person';
  if (entry.type === 'app.disconnected' || entry.type === 'app.failed') return 'system';
  if (/^(control|operator|inbox)\.|^outside\.(take|return)$/.test(entry.type)) return 'control';
  return ownerChanged ? 'control' : 'app';
}

/** What happened, in a sentence. */
export function sentenceOf(step: Step, names: Names): string {
  const { entry } = step;
  return entry.refusal === null
    ? did(step, names)
    : `${caller(entry, names)} could not ${wanted(entry, names)}: ${why(entry, names)}`;
}

function did({ entry, ownerBefore, ownerChanged }: Step, { person, nameOf }: Names): string {
  const { payload } = entry;
  const names = { person, nameOf };
  const app = caller(entry, names);
  const target = entry.target_app_id === null ? 'the default app' : nameOf(entry.target_app_id);
  const owner = ownerBefore === null ? 'nobody' : nameOf(ownerBefore);
  switch (entry.type) {
    case 'user.message': {
      const reply = at(at(payload, 'message'), 'quick_reply') !== undefined;
      return reply ? `${person} tapped the quick reply ${said(payload)}` : `${person} wrote ${said(payload)}`;
    }
    case 'user.postback':
      return `${person} tapped ${said(payload)}`;
    case 'user.get_started':
      return `${person} tapped Get Started`;
    case 'user.referral': {
      const ad = string(at(at(payload, 'referral'), 'ad_id'));
      const ref = string(at(at(payload, 'referral'), 'ref'));
      if (ad !== null) return `${person} tapped the ad ${ad}`;
      return ref === null ? `${person} came through an ad or a link` : `${person} opened the link “${ref}”`;
    }
    case 'user.reaction':
      return `${person} reacted ${string(at(at(payload, 'reaction'), 'emoji')) ?? 'to a message'}`;
    case 'user.read':
      return `${person} has read the messages`;
    case 'user.delivery':
      return `${person} has got the messages`;
    case 'user.edit':
      return `${person} edited a message`;
    case 'user.unsend':
      return `${person} took back a message`;
    case 'user.optin':
      return `${person} opted in`;
    case 'app.send':
    case 'app.sent':
      if (entry.facts.includes('intent')) return `${app} sends ${said(payload)}`;
      return ownerChanged ? `${app} wrote ${said(payload)} and took control` : `${app} wrote ${said(payload)}`;
    case 'app.failed':
      return `A message of ${app} was not sent`;
    case 'app.action':
      return `${app} ${action(payload)}`;
    case 'outside.reply':
      return `Somebody answered past Signalbox: ${said(payload)}`;
    case 'outside.take':
      return 'The platform gave the thread to another of its apps';
    case 'outside.return':
      return 'The platform gave the thread back';
    case 'control.pass':
      return `${app} passed the thread to ${entry.owner_app_id === null ? target : nameOf(entry.owner_app_id)}`;
    case 'control.release':
      return `${app} released the thread`;
    case 'operator.pass':
      return `An operator passed the thread to ${target}`;
    case 'operator.release':
      return 'An operator released the thread';
    case 'inbox.take':
      return `Somebody moved the thread to Main: ${app} took control`;
    case 'control.expired':
      return `The control of ${owner} ended: the person was silent for 24 hours`;
    case 'app.disconnected':
      return `${owner} is not connected to the page any more: the thread is released`;
    default:
      return `${entry.cause.by === 'person' ? person : app}: ${entry.type}`;
  }
}

function said(payload: unknown): string {
  const { text, attachments, redacted } = contentOf(payload);
  if (redacted) return 'something that your role may not read';
  if (text !== null) return `“${text}”`;
  return attachments.length > 0 ? `(${attachments.join(', ')})` : '(nothing to read)';
}

function action(payload: unknown): string {
  switch (at(payload, 'sender_action')) {
    case 'typing_on':
      return 'is typing';
    case 'typing_off':
      return 'stopped typing';
    case 'mark_seen':
      return 'has seen the messages';
    case 'react':
      return 'reacted to a message';
    case 'unreact':
      return 'took back a reaction';
    default:
      return 'did something';
  }
}

function caller(entry: LogEntry, { nameOf }: Names): string {
  const app = entry.caller_app_id ?? entry.cause.app_id;
  if (app !== null) return nameOf(app);
  return entry.cause.by === 'operator' ? 'An operator' : 'Signalbox';
}

function wanted(entry: LogEntry, { nameOf }: Names): string {
  const target = entry.target_app_id === null ? 'another app' : nameOf(entry.target_app_id);
  switch (entry.type) {
    case 'app.send':
      return 'write';
    case 'app.action':
      return 'show that it types or has read';
    case 'control.pass':
    case 'operator.pass':
      return `pass the thread to ${target}`;
    case 'control.release':
    case 'operator.release':
      return 'release the thread';
    case 'control.take':
    case 'control.request':
    case 'inbox.take':
      return 'take control';
    case 'control.extend':
      return 'extend its control';
    default:
      return `do this (${entry.type})`;
  }
}

function why(entry: LogEntry, { nameOf }: Names): string {
  const { refusal } = entry;
  if (refusal === null) return '';
  const when = (instant: string) => moment(Date.parse(instant), Date.parse(entry.at));
  const owner = refusal.effective_owner_app_id === null ? null : nameOf(refusal.effective_owner_app_id);
  const since = refusal.owner_since === null ? '' : ` since ${when(refusal.owner_since)}`;
  const until = refusal.expires_at === null ? '' : `, until ${when(refusal.expires_at)}`;
  const standing =
    owner === null
      ? 'nobody owns this thread'
      : refusal.state === 'released'
        ? `the thread is released, and ${owner} answers as the default app`
        : `${owner} owns this thread${since}${until}`;
  switch (refusal.reason) {
    case 'thread_not_owned':
      return owner === null ? `${standing}.` : `${standing}. It can pass control, or wait.`;
    case 'pass_not_owner':
    case 'release_not_owner':
      return `${standing}, and only the app in control may do that.`;
    case 'window_closed':
      return refusal.window_expires_at === null
        ? 'the person has never written, so nobody may write to them yet.'
        : `the messaging window closed at ${when(refusal.window_expires_at)}. It opens again when the person writes.`;
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
      return 'Conversation Routing is on for this page and does not know this call. Pass or release instead.';
    case 'routing_off':
      return 'Conversation Routing is off for this page. Give it a default app to turn it on.';
  }
}
