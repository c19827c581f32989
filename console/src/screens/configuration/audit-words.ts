import type { AuditEntry } from '../../api/types.js';

/** What was done, by the route; names of parameters in a route are left as they are. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^POST .*\/session$/, 'signed in'],
  [/^DELETE .*\/session$/, 'signed out'],
  [/^POST .*\/tokens$/, 'made an admin token'],
  [/^DELETE .*\/tokens\//, 'revoked an admin token'],
  [/^PUT .*\/pages\/[^/]+\/apps\/[^/]+$/, 'connected an app, or changed its connection'],
  [/^DELETE .*\/pages\/[^/]+\/apps\/[^/]+$/, 'disconnected an app'],
  [/^POST .*\/pages\/[^/]+\/apps\/[^/]+\/token$/, 'made a page access token'],
  [/^PUT .*\/routes\/ads\//, 'routed an ad'],
  [/^DELETE .*\/routes\/ads\//, 'stopped routing an ad'],
  [/^PUT .*\/routes\/links\//, 'routed a link'],
  [/^DELETE .*\/routes\/links\//, 'stopped routing a link'],
  [/^PUT .*\/pages\/[^/]+$/, 'saved a page'],
  [/^DELETE .*\/pages\/[^/]+$/, 'deleted a page'],
  [/^PUT .*\/apps\/[^/]+$/, 'saved an app'],
  [/^DELETE .*\/apps\/[^/]+$/, 'deleted an app'],
  [/^POST .*\/apps\/[^/]+\/pause$/, 'paused an app'],
  [/^POST .*\/apps\/[^/]+\/resume$/, 'resumed an app'],
  [/^POST .*\/control$/, 'moved a thread'],
  [/^POST .*\/replay$/, 'had deliveries sent again'],
  [/^POST .*\/simulator\/clock$/, 'moved the clock'],
  [/^POST .*\/actions$/, 'acted as a person'],
  [/^DELETE .*\/people\//, 'had a person forgotten'],
];

export function actionWords({ action }: Pick<AuditEntry, 'action'>): string {
  return words.find(([pattern]) => pattern.test(action))?.[1] ?? action;
}

interface ChangedPart {
  readonly name: string;
  /** Null: it was not there. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Where two states differ, part by part. */
export function changedParts(before: unknown, after: unknown): ChangedPart[] {
  const old = partsOf(before);
  const now = partsOf(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? null, after: now.get(name) ?? null }))
    .filter((part) => part.before !== part.after);
}

function partsOf(state: unknown): ReadonlyMap<string, string> {
  if (typeof state !== 'object' || state === null) return new Map();
  return new Map(Object.entries(state).map(([name, value]) => [name, JSON.stringify(value)]));
}
