import { z } from 'zod';
import { threadMachine } from '../domain/thread/thread.machine.js';

export type Guard = string | { type: 'and' | 'not'; guards: Guard[] };
const guardSchema: z.ZodType<Guard> = z
  .lazy(() => z.union([z.string(), z.object({ type: z.enum(['and', 'not']), guards: z.array(guardSchema) })]))
  .meta({ id: 'MachineGuard' });
const transitionSchema = z.object({
  guard: guardSchema.optional().describe('Absent: it always holds.'),
  target: z.string().nullable().describe('Null: the state stays, and so does the deadline.'),
  actions: z.array(z.object({ type: z.string(), reason: z.string().nullable() })),
});
const stateSchema = z.object({
  on: z.record(z.string(), z.array(transitionSchema)).describe('By event; the first transition whose guard holds.'),
  after: z.record(z.string(), z.array(transitionSchema)).describe('By delay.'),
});
export const machineSchema = z
  .object({
    id: z.string(),
    initial: z.string(),
    states: z.record(z.string(), stateSchema),
  })
  .meta({ id: 'Machine' });
type State = z.infer<typeof stateSchema>;
export type Transition = z.infer<typeof transitionSchema>;

/** The machine as JSON: the statechart with its guards and actions by name, without the functions behind them. */
export function machineDefinition(): z.infer<typeof machineSchema> {
  const { id, initial, states = {} } = threadMachine.config;
  return {
    id: id ?? 'thread',
    initial: typeof initial === 'string' ? initial : 'released',
    states: Object.fromEntries(
      Object.entries(states).map(([name, state]): [string, State] => [
        name,
        { on: transitionsOf(state?.on), after: transitionsOf(state?.after) },
      ]),
    ),
  };
}

function transitionsOf(byEvent: object | undefined): Record<string, Transition[]> {
  return Object.fromEntries(
    Object.entries(byEvent ?? {}).map(([event, transitions]: [string, unknown]) => [
      event,
      (Array.isArray(transitions) ? transitions : [transitions]).map(transitionOf),
    ]),
  );
}

function transitionOf(transition: unknown): Transition {
  const { guard, target, actions } = transition as { guard?: unknown; target?: string; actions?: unknown };
  const list: unknown[] = actions === undefined ? [] : Array.isArray(actions) ? actions : [actions];
  return {
    ...(guard !== undefined && { guard: guardOf(guard) }),
    target: target ?? null,
    actions: list.map((action) => {
      if (typeof action === 'string') return { type: action, reason: null };
      const { type, params } = action as { type: string; params?: unknown };
      const reason: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'reason') : undefined;
      return { type, reason: typeof reason === 'string' ? reason : null };
    }),
  };
}

/** `and` and `not` are functions that carry what they combine. */
function guardOf(guard: unknown): Guard {
  if (typeof guard === 'string') return guard;
  const { guards, name } = guard as { guards: unknown[]; name: string };
  return { type: name.startsWith('not') ? 'not' : 'and', guards: guards.map(guardOf) };
}
