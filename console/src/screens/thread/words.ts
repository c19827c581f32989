import type { LogEntry } from '../../api/types.js';
import { callerOf, refusalInWords } from '../../../../src/views/refusal-words.js';
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
  const { refusal } = entry;
  return refusal === null
    ? did(step, names)
    : refusalInWords({ ...entry, refusal }, { nameOf: names.nameOf, timeZone: null });
}

function did({ entry, ownerBefore, ownerChanged }: Step, { person, nameOf }: Names): string {
  const { payload } = entry;
  const app = callerOf(entry, nameOf);
  const target = entry.target_app_id === null ? 'the default app' : nameOf(entry.target_app_id);
  const owner = ownerBefore === null ? 'nobody' : nameOf(ownerBefore);
  switch (entry.type) {
    case 'user.message': {
      const reply = at(at(payload, 'message'), 'quick_reply') !== undefined;
      return reply ? `${person} tapped the quick reply ${said(entry)}` : `${person} wrote ${said(entry)}`;
    }
    case 'user.postback':
      return `${person} tapped ${said(entry)}`;
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
      if (entry.facts.includes('intent')) return `${app} sends ${said(entry)}`;
      return ownerChanged ? `${app} wrote ${said(entry)} and took control` : `${app} wrote ${said(entry)}`;
    case 'app.failed':
      return `A message of ${app} was not sent`;
    case 'app.action':
      return `${app} ${action(payload)}`;
    case 'outside.reply':
      return `Somebody answered past Signalbox: ${said(entry)}`;
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

function said({ payload, payload_removed: removed }: LogEntry): string {
  if (removed) return 'something whose text is no longer kept';
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
