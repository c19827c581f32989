import { fromTransition, type AnyTransitionDefinition } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import type { AppId } from '../../src/domain/ids.js';
import type { Page } from '../../src/domain/page.js';
import { decide, fromLoggedEvent, overdue, type Decision } from '../../src/domain/thread/decide.js';
import type { AppAction, MessageTag, ThreadEvent, UserEventType } from '../../src/domain/thread/thread.events.js';
import { threadMachine } from '../../src/domain/thread/thread.machine.js';
import { newThread, type Thread } from '../../src/domain/thread/thread.js';
import {
  adOfDesk,
  adOfInbox,
  adOfNobody,
  adTap,
  bystander,
  day,
  desk,
  inbox,
  intend,
  link,
  linkClick,
  marketing,
  newYear,
  outsideReply,
  outsideReturn,
  outsideTake,
  pass,
  person,
  send,
  sent,
  shop,
  stranger,
  takeover,
  tappedAd,
  userEvent,
} from './thread-fixtures.js';

/** One thing that happens to a thread, or to everybody. */
export type Step =
  | { readonly type: string; readonly event: ThreadEvent }
  | { readonly type: string; readonly waitMs: number }
  /** The app is disconnected, long enough for it to be noticed, and connected again. */
  | { readonly type: string; readonly disconnect: AppId }
  | { readonly type: string; readonly newDefaultAppId: AppId | null };

/** A thread at a moment, and what may change of its page. */
export interface Situation {
  readonly thread: Thread;
  readonly now: number;
  readonly defaultAppId: AppId | null;
}

/** What a step made of a thread: decision by decision, what was overdue first. */
export interface Taken {
  readonly after: Situation;
  readonly decisions: readonly { readonly before: Thread; readonly at: number; readonly decision: Decision }[];
}

const stepMs = 1;

/** Plays a step by the pure decision alone: what the router and the store have to agree with. */
export function take({ thread, now, defaultAppId }: Situation, step: Step, page: Page): Taken {
  const at = now + ('waitMs' in step ? step.waitMs : stepMs);
  const newDefaultAppId = 'newDefaultAppId' in step ? step.newDefaultAppId : defaultAppId;
  const seen = pageWith(page, newDefaultAppId, 'disconnect' in step ? step.disconnect : null);
  const decisions: { before: Thread; at: number; decision: Decision }[] = [];
  let current = thread;
  for (let due = overdue(current, seen, at); due !== null; due = overdue(current, seen, at)) {
    const decision = decide(current, due.event, seen, due.at);
    decisions.push({ before: current, at: due.at, decision });
    current = decision.thread;
  }
  if ('event' in step) {
    const decision = decide(current, step.event, seen, at);
    decisions.push({ before: current, at, decision });
    current = decision.thread;
  }
  return { after: { thread: current, now: at, defaultAppId: newDefaultAppId }, decisions };
}

function pageWith(page: Page, defaultAppId: AppId | null, disconnected: AppId | null): Page {
  return {
    ...page,
    routing: { ...page.routing, messenger: { ...page.routing.messenger, defaultAppId } },
    connections: new Map([...page.connections].filter(([id]) => id !== disconnected)),
  };
}

const callers = { desk, marketing, takeover, inbox, bystander, stranger };
const nameOf = (appId: AppId | null) =>
  Object.entries(callers).find(([, id]) => id === appId)?.[0] ?? 'the default app';

const byPerson: Step[] = (['user.message', 'user.postback', 'user.get_started', 'user.referral'] as const).flatMap(
  (type) => [
    { type: `${type}`, event: userEvent(type) },
    { type: `${type} by the ad`, event: userEvent(type, { referral: tappedAd }) },
    { type: `${type} by the ad of the desk`, event: userEvent(type, { referral: { adId: adOfDesk, ref: 'spring' } }) },
  ],
);
const informative: UserEventType[] = [
  'user.reaction',
  'user.read',
  'user.delivery',
  'user.edit',
  'user.unsend',
  'user.optin',
  'user.other',
];
const sends = (tag: MessageTag | null, appIds: AppId[]): Step[] =>
  appIds.map((id) => ({ type: `${nameOf(id)} sends${tag === null ? '' : ` with ${tag}`}`, event: send(id, tag) }));
const acts = (action: AppAction['action'], appIds: AppId[]): Step[] =>
  appIds.map((callerAppId) => ({
    type: `${nameOf(callerAppId)}: ${action}`,
    event: { type: 'app.action', callerAppId, action, payload: '{}' },
  }));
const passes = (moves: [AppId, AppId | null][]): Step[] =>
  moves.map(([from, to]) => ({ type: `${nameOf(from)} passes to ${nameOf(to)}`, event: pass(from, to, 'note') }));

const steps: readonly Step[] = [
  ...byPerson,
  { type: 'a link of nobody', event: linkClick('unknown') },
  { type: 'a message by a link', event: userEvent('user.message', { referral: link('flyer') }) },
  { type: 'another ad', event: adTap(adOfNobody) },
  { type: 'the ad of the inbox', event: adTap(adOfInbox) },
  ...informative.map((type) => ({ type, event: userEvent(type) })),
  ...sends(null, [desk, marketing, takeover, inbox, bystander, stranger]),
  ...sends('HUMAN_AGENT', [desk, takeover]),
  ...[desk, marketing, takeover].map((id): Step => ({ type: `${nameOf(id)} intends to send`, event: intend(id) })),
  ...[desk, marketing, takeover].map((id): Step => ({ type: `${nameOf(id)} has sent`, event: sent(id) })),
  { type: 'a message is not taken', event: { type: 'app.failed', callerAppId: desk, payload: '{}' } },
  { type: 'somebody answers past us', event: outsideReply },
  { type: 'the platform gives the thread away', event: outsideTake },
  { type: 'the platform gives the thread back', event: outsideReturn },
  ...acts('typing_on', [desk, marketing, takeover, bystander, stranger]),
  ...acts('mark_seen', [bystander]),
  ...passes([
    [desk, null],
    [desk, bystander],
    [desk, stranger],
    [marketing, null],
    [marketing, marketing],
    [marketing, stranger],
    [takeover, desk],
    [bystander, marketing],
    [inbox, null],
    [stranger, desk],
  ]),
  ...[desk, marketing, takeover, bystander, stranger].map((callerAppId): Step => ({
    type: `${nameOf(callerAppId)} releases`,
    event: { type: 'control.release', callerAppId },
  })),
  ...(['control.take', 'control.request', 'control.extend', 'control.pass_metadata'] as const).map((type): Step => ({
    type,
    event: { type, callerAppId: takeover },
  })),
  ...[desk, marketing, stranger].map((targetAppId): Step => ({
    type: `an operator passes to ${nameOf(targetAppId)}`,
    event: { type: 'operator.pass', targetAppId },
  })),
  { type: 'an operator releases', event: { type: 'operator.release' } },
  ...[inbox, desk, stranger].map((callerAppId): Step => ({
    type: `${nameOf(callerAppId)} moves to Main`,
    event: { type: 'inbox.take', callerAppId },
  })),
  { type: 'a day passes', waitMs: day },
];

const changesOfDefault: readonly Step[] = [desk, marketing, inbox, null].map((newDefaultAppId) => ({
  type: newDefaultAppId === null ? 'there is no default app' : `${nameOf(newDefaultAppId)} becomes the default app`,
  newDefaultAppId,
}));

/** What may happen next: anything to a thread that has begun; only a person begins one. */
export function stepsFrom({ thread }: Situation): readonly Step[] {
  const { ownerAppId, lastAt } = thread;
  if (lastAt === 0) {
    return [...steps.filter((step) => 'event' in step && step.event.type.startsWith('user.')), ...changesOfDefault];
  }
  if (ownerAppId === null) return [...steps, ...changesOfDefault];
  return [...steps, ...changesOfDefault, { type: `${nameOf(ownerAppId)} is disconnected`, disconnect: ownerAppId }];
}

/** Situations that the same things can happen to. */
export function kindOf({ thread, now, defaultAppId }: Situation): string {
  const { state, ownerAppId, lastUserEventAt, pendingReferral, lastAt } = thread;
  const window = lastUserEventAt === null ? 'never' : now - lastUserEventAt < day ? 'open' : 'closed';
  const pending = pendingReferral === null ? 'nothing' : 'a tap';
  const isNew = lastAt === 0 ? 'new' : 'known';
  return [state, String(ownerAppId), window, pending, isNew, String(defaultAppId)].join(' ');
}

export const beginning: Situation = { thread: newThread(shop, person, 'messenger'), now: newYear, defaultAppId: desk };

/** Plays a path from the beginning. */
export function walk(path: readonly Step[], page: Page): Taken[] {
  let situation = beginning;
  return path.map((step) => {
    const taken = take(situation, step, page);
    situation = taken.after;
    return taken;
  });
}

/** Every path that matters: the shortest to each kind of situation, and from there each step once. */
export function allPaths(page: Page): Step[][] {
  const logic = fromTransition((situation: Situation, step: Step) => take(situation, step, page).after, beginning);
  const options = {
    events: (snapshot: { context: Situation }) => stepsFrom(snapshot.context),
    serializeState: (snapshot: { context: Situation }) => kindOf(snapshot.context),
    serializeEvent: (step: Step) => step.type,
  };
  const situations = Object.keys(getAdjacencyMap(logic, options as never));
  const shortest = getShortestPaths(logic, options as never);
  if (shortest.length !== situations.length) throw new Error('a situation is out of reach');
  return shortest.flatMap((path) => {
    // The first step of a path is the beginning itself.
    const way = path.steps.map((step) => step.event).filter((step) => step.type !== 'xstate.init');
    return stepsFrom(path.state.context).map((step) => [...way, step]);
  });
}

/** The transitions of the machine that a step took, as its own definitions. */
export function transitionsOf({ decisions }: Taken): AnyTransitionDefinition[] {
  return decisions.flatMap(({ before, at, decision }) => {
    const snapshot = threadMachine.resolveState({ value: before.state, context: before });
    return threadMachine.getTransitionData(snapshot, fromLoggedEvent(decision.event, at));
  });
}

/** All transitions that the machine has, with a name for each. */
export function allTransitions(): Map<AnyTransitionDefinition, string> {
  return new Map(
    Object.values(threadMachine.root.states).flatMap((node) =>
      [...node.transitions].flatMap(([type, candidates]) =>
        candidates.map((candidate, index) => [candidate, `${node.key}: ${type} (${index})`] as const),
      ),
    ),
  );
}
