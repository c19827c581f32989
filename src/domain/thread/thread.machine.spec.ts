import { createMachine, not, type AnyStateMachine } from 'xstate';
import { allCases, casesOf, describeCase, type Case, type EventName } from '../../../test/support/thread-table.js';
import { runMachine } from './decide.js';
import { userEventTypes } from './thread.events.js';
import { threadMachine } from './thread.machine.js';
import { threadStates, type ThreadState } from './thread.js';

const outcomeIn = (machine: any, { state, context, event }: Case) => runMachine(state, context, event, machine);

describe('the machine does what the table says', () => {
  const cases = allCases();
  const byRow = Map.groupBy(cases, ({ row, name, state }) => `${row.name}: ${name} in ${state}`);

  it.each([...byRow.keys()])('%s', (name) => {
    for (const each of byRow.get(name) ?? []) {
      expect({ case: describeCase(each), ...outcomeIn(threadMachine, each) }).toEqual({
        case: describeCase(each),
        ...each.expected,
      });
    }
  });

  it('knows every event in every state', () => {
    const nameless = [...new Set(cases.map(({ name }) => name))];
    expect(nameless).toEqual(expect.arrayContaining([...userEventTypes]));
    for (const state of threadStates) {
      const handled = [
        ...Object.keys(threadMachine.config.states?.[state]?.on ?? {}),
        ...(state === 'released' ? [] : ['control.expired']),
      ];
      expect(handled.toSorted()).toEqual(nameless.filter((name) => casesOf(name, state).length > 0).toSorted());
    }
  });
});

interface Mutant {
  readonly what: string;
  readonly machine: AnyStateMachine;
}

/** The candidates of an event in a state, as a list, in a copy of the machine's configuration. */
function edited(state: ThreadState, name: EventName, edit: (candidates: any[]) => any[]): AnyStateMachine {
  const config: any = { ...threadMachine.config, states: { ...threadMachine.config.states } };
  const node = { ...config.states[state] };
  config.states[state] = node;
  if (name === 'control.expired') node.after = { controlWindow: edit([node.after.controlWindow].flat()) };
  else node.on = { ...node.on, [name]: edit([node.on[name]].flat()) };
  return createMachine(config).provide(threadMachine.implementations as never);
}

function candidatesOf(state: ThreadState, name: EventName): any[] {
  const node: any = threadMachine.config.states?.[state];
  const found = name === 'control.expired' ? node.after?.controlWindow : node.on?.[name];
  return found === undefined ? [] : [found].flat();
}

/** Everything that can go missing or wrong in the transitions of one event in one state. */
function mutantsOf(state: ThreadState, name: EventName): Mutant[] {
  return candidatesOf(state, name).flatMap((candidate, index): Mutant[] => {
    const replacedBy = (what: string, replacement: object | null): Mutant => ({
      what: `${name} in ${state}, candidate ${index}: ${what}`,
      machine: edited(state, name, (all) => all.toSpliced(index, 1, ...(replacement === null ? [] : [replacement]))),
    });
    const { guard, target, reenter, ...rest } = candidate;
    const actions: unknown[] = [candidate.actions ?? []].flat();
    // What is only known, and does nothing, is not missed here but above, where every event is to be known.
    const doesNothing = guard === undefined && target === undefined && actions.length === 0;
    const mutants = doesNothing ? [] : [replacedBy('removed', null)];
    if (guard !== undefined) {
      mutants.push(replacedBy('without guard', { ...candidate, guard: undefined }));
      mutants.push(replacedBy('with the guard negated', { ...candidate, guard: not(guard) }));
    }
    actions.forEach((action: any, position) => {
      const what = `without action ${action.type ?? action} (${position})`;
      mutants.push(replacedBy(what, { ...candidate, actions: actions.toSpliced(position, 1) }));
    });
    if (target !== undefined) {
      mutants.push(replacedBy('without target', { guard, ...rest }));
      for (const other of threadStates.filter((each) => each !== target)) {
        mutants.push(replacedBy(`with target ${other}`, { ...candidate, target: other }));
      }
      // Elsewhere a target is entered anyway.
      if (target === state && reenter) mutants.push(replacedBy('without reenter', { ...candidate, reenter: false }));
    }
    return mutants;
  });
}

describe('the table notices every change of the machine', () => {
  const names = [...new Set(allCases().map(({ name }) => name))];

  it.each(threadStates.flatMap((state) => names.map((name) => [state, name] as const)))(
    'in %s of %s',
    (state, name) => {
      const cases = casesOf(name, state);
      const survivors = mutantsOf(state, name).filter(({ machine }) =>
        cases.every((each) => isSame(outcomeIn(machine, each), each.expected)),
      );
      expect(survivors.map(({ what }) => what)).toEqual([]);
    },
  );
});

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
