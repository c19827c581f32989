import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from 'typeorm';
import type { Role } from '../domain/role.js';
import { toWireJson } from '../domain/wire-json.js';

/** Something an operator does through the admin API: who, from where, and what. */
export interface Act {
  readonly name: string;
  readonly role: Role;
  /** Of the token they use; null: the installation's own. */
  readonly tokenId: string | null;
  /** The address the request came from. */
  readonly address: string;
  /** Method and path of the route, such as `PUT /api/v1/apps/{app_id}`. */
  readonly action: string;
  /** What it is done to, by the names in the path. */
  readonly object: Readonly<Record<string, string>>;
  /** Under which the log has the request. */
  readonly traceId: string;
}

/** What something was like, by the names of its members. Secrets are in it as `Secret`. */
export type State = Readonly<Record<string, unknown>> | null;

/** A secret in a state: never shown, but a new one is told from the old. */
export class Secret {
  constructor(readonly value: string | null) {}
}

interface ActUnderWay {
  readonly act: Act;
  entered: boolean;
}

// The act goes along with everything that is done for it, so that no change of the configuration can forget to tell whose.
const underWay = new AsyncLocalStorage<ActUnderWay>();

/**
 * Does `work` as an act, which is entered in the audit trail exactly once: in the transaction of the change, if there is
 * one, else by `enterAfterwards`. An act that fails is not entered.
 */
export async function asAct<T>(act: Act, work: () => Promise<T>, enterAfterwards: () => Promise<void>): Promise<T> {
  const current: ActUnderWay = { act, entered: false };
  const result = await underWay.run(current, work);
  if (!current.entered) await enterAfterwards();
  return result;
}

/** Whether what is done now is an act. */
export function isAct(): boolean {
  return underWay.getStore() !== undefined;
}

/** Enters the act that is under way, if there is one, with what it changed. Part of the manager's transaction. */
export async function enterAct(manager: EntityManager, before: State, after: State): Promise<void> {
  const current = underWay.getStore();
  if (current === undefined || current.entered) return;
  await insertAct(manager, current.act, before, after);
  current.entered = true;
}

export async function insertAct(manager: EntityManager, act: Act, before: State, after: State): Promise<void> {
  await manager.query(
    `insert into audit (name, role, token_id, address, action, object, before, after, trace_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      act.name,
      act.role,
      act.tokenId,
      act.address,
      act.action,
      toWireJson(act.object),
      before === null ? null : toWireJson(shown(before, null)),
      after === null ? null : toWireJson(shown(after, before)),
      act.traceId,
    ],
  );
}

/** With the names the API has for things. */
function shown(state: NonNullable<State>, before: State): object {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value instanceof Secret ? mask(value, before?.[name]) : value,
    ]),
  );
}

function mask({ value }: Secret, before: unknown): string | null {
  if (value === null) return null;
  return before instanceof Secret && before.value !== value ? '[new secret]' : '[secret]';
}
