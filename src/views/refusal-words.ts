/**
 * A refusal in words, for people. The only place that words it: the server's answers say it in UTC, the console, which
 * takes this file as it is, in the zone of whoever reads it. So it uses nothing that only one of them has.
 */
import type { LogEntryView } from './log.view.js';

type Refusal = NonNullable<LogEntryView['refusal']>;

export interface RefusedEntry extends Pick<
  LogEntryView,
  'type' | 'at' | 'cause' | 'caller_app_id' | 'target_app_id' | 'refusal'
> {
  readonly refusal: Refusal;
}

export interface Reader {
  readonly nameOf: (appId: string) => string;
  /** The IANA zone that times are told in; null: the zone of the machine, which then goes without saying. */
  readonly timeZone: 'UTC' | null;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Who could not do what, why, who owns the thread since when and until when, and what helps. Days as seen from then. */
export function refusalInWords(entry: RefusedEntry, reader: Reader): string {
  const reason = refusalReason(entry.refusal, Date.parse(entry.at), reader);
  return `${callerOf(entry, reader.nameOf)} could not ${attempt(entry, reader.nameOf)}: ${reason}`;
}

/** The same for whoever knows what was tried. `from`, in milliseconds since 1970, is the day that others are told from. */
export function refusalReason(refusal: Refusal, from: number, { nameOf, timeZone }: Reader): string {
  const when = (instant: string) => timeInWords(Date.parse(instant), from, timeZone);
  const [why, help] = whyAndHelp(refusal, when);
  return [why, standing(refusal, when, nameOf), help]
    .filter((part) => part !== null)
    .map((part, index) => `${index === 0 ? part : capitalized(part)}.`)
    .join(' ');
}

/** Who did something, or tried to. */
export function callerOf(
  { caller_app_id, cause }: Pick<RefusedEntry, 'caller_app_id' | 'cause'>,
  nameOf: (appId: string) => string,
): string {
  const app = caller_app_id ?? cause.app_id;
  if (app !== null) return nameOf(app);
  return cause.by === 'operator' ? 'An operator' : 'Signalbox';
}

function attempt({ type, target_app_id }: RefusedEntry, nameOf: (appId: string) => string): string {
  const target = target_app_id === null ? 'another app' : nameOf(target_app_id);
  switch (type) {
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
      return `do this (${type})`;
  }
}

/** What stood in the way, where that is not already who owns the thread; and what to do. */
function whyAndHelp(
  { reason, effective_owner_app_id, window_expires_at }: Refusal,
  when: (instant: string) => string,
): readonly [why: string | null, help: string | null] {
  switch (reason) {
    case 'thread_not_owned':
      return [null, effective_owner_app_id === null ? null : 'it can pass control, or wait'];
    case 'pass_not_owner':
      return ['only the app in control may pass the thread', waitFor(effective_owner_app_id)];
    case 'release_not_owner':
      return ['only the app in control may release the thread', waitFor(effective_owner_app_id)];
    case 'window_closed':
      return [
        window_expires_at === null
          ? 'the person has never written'
          : `the messaging window closed at ${when(window_expires_at)}`,
        'the window opens when the person writes',
      ];
    case 'app_not_connected':
      return ['the app is not connected to the page', 'connect it first'];
    case 'target_not_connected':
      return ['the app that is to get the thread is not connected to the page', 'connect it first'];
    case 'no_default_app':
      return ['the page has no default app on this channel', 'set one, or name the app that is to get the thread'];
    case 'target_is_caller':
      return ['an app cannot pass the thread to itself', 'name another app'];
    case 'target_is_owner':
      return ['that app has the thread already', 'nothing is left to do'];
    case 'already_released':
      return ['the thread is released already', 'nothing is left to do'];
    case 'routing_on':
      return ['Conversation Routing is on for this page and does not know this call', 'pass or release instead'];
    case 'routing_off':
      return ['Conversation Routing is off for this page', 'give the page a default app to turn it on'];
  }
}

function waitFor(owner: string | null): string | null {
  return owner === null ? null : 'leave it to the owner, or wait until control is passed';
}

function standing(
  { reason, state, effective_owner_app_id, owner_since, expires_at }: Refusal,
  when: (instant: string) => string,
  nameOf: (appId: string) => string,
): string {
  if (effective_owner_app_id === null) return 'nobody owns this thread';
  const owner = nameOf(effective_owner_app_id);
  if (state === 'released') {
    const released = reason === 'already_released' ? '' : 'the thread is released, and ';
    return `${released}${owner} answers as the default app`;
  }
  const since = owner_since === null ? '' : ` since ${when(owner_since)}`;
  const until = expires_at === null ? '' : `, until ${when(expires_at)}`;
  return `${owner} owns this thread${since}${until}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A time as people say it on the day of `from`, such as `10:42 tomorrow`; both in milliseconds since 1970. */
export function timeInWords(ms: number, from: number, timeZone: Reader['timeZone']): string {
  const zone = timeZone === null ? {} : { timeZone };
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...zone }).format(ms);
  const time = timeZone === null ? clock : `${clock} ${timeZone}`;
  const dateOf = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', ...zone });
  const date = dateOf.format(ms);
  const days = (Date.parse(date) - Date.parse(dateOf.format(from))) / dayMs;
  if (days === 0) return time;
  if (days === 1) return `${time} tomorrow`;
  if (days === -1) return `${time} yesterday`;
  return `${time} on ${date}`;
}
