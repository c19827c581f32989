import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { threadMachine } from './thread.machine.js';
import { person, shop } from '../../../test/support/thread-fixtures.js';
import { appId } from '../ids.js';
import { runMachine, runRemembered } from './decide.js';
import { factNames, type FactName, type Facts, type MachineEvent } from './thread.events.js';
import { newThread, threadStates, type Thread, type ThreadContext, type ThreadState } from './thread.js';

/*
 * What `decide` remembers of the machine must be what the machine would say. The facts that matter are found out by
 * watching which ones the machine reads; of these every combination is tried. What else is part of the key, whether a
 * value is null, is tried one field at a time, and in any combination at random.
 */

const nullableContext = [
  'ownerAppId',
  'previousOwnerAppId',
  'entryPoint',
  'ownerSince',
  'lastUserEventAt',
  'pendingReferral',
] as const;
const nullableEvent = ['defaultAppId', 'assigneeAppId', 'callerAppId', 'targetAppId', 'entryPoint'] as const;
const nullable = nullableContext.length + nullableEvent.length;

/** A thread and an event whose values are all different, and different for each `salt`; `nulls` says which are null. */
function inputOf(state: ThreadState, type: MachineEvent['type'], facts: Facts, nulls: number, salt: number) {
  const isNull = (index: number) => (nulls & (1 << index)) !== 0;
  const context: ThreadContext = {
    ownerAppId: appId(`1${salt}`),
    previousOwnerAppId: appId(`2${salt}`),
    entryPoint: { type: 'ad', adId: `3${salt}`, ref: null },
    ownerSince: 4000 + salt,
    lastUserEventAt: 5000 + salt,
    pendingReferral: { type: 'link', adId: null, ref: `6${salt}` },
  };
  const event = {
    defaultAppId: appId(`7${salt}`),
    assigneeAppId: appId(`8${salt}`),
    callerAppId: appId(`9${salt}`),
    targetAppId: appId(`10${salt}`),
    entryPoint: { type: 'get_started', adId: null, ref: `11${salt}` } as const,
  };
  const thread: Thread = {
    ...newThread(shop, person, 'messenger'),
    ...context,
    ...Object.fromEntries(nullableContext.filter((_, index) => isNull(index)).map((name) => [name, null])),
    state,
    deadlineAt: 12_000 + salt,
  };
  const machineEvent: MachineEvent = {
    type,
    at: 13_000 + salt,
    facts,
    ...event,
    ...Object.fromEntries(
      nullableEvent.filter((_, index) => isNull(nullableContext.length + index)).map((name) => [name, null]),
    ),
  };
  return { thread, event: machineEvent };
}

function expectSame(state: ThreadState, type: MachineEvent['type'], facts: Facts, nulls: number, salt: number): void {
  const { thread, event } = inputOf(state, type, facts, nulls, salt);
  const remembered = runRemembered(thread, event);
  const run = runMachine(state, contextOf(thread), event);
  // Comparing is quick, expecting is not, and there are tens of thousands of cases.
  if (!isDeepStrictEqual(remembered, run)) expect({ event, ...remembered }).toEqual({ event, ...run });
}

function contextOf(thread: Thread): ThreadContext {
  const { ownerAppId, previousOwnerAppId, entryPoint, ownerSince, lastUserEventAt, pendingReferral } = thread;
  return { ownerAppId, previousOwnerAppId, entryPoint, ownerSince, lastUserEventAt, pendingReferral };
}

const none = Object.fromEntries(factNames.map((name) => [name, false])) as Facts;

/** Every combination of the facts that the machine reads of such an event: the leaves of its decisions. */
function leaves(state: ThreadState, type: MachineEvent['type'], known: Partial<Facts> = {}): Facts[] {
  const facts: Facts = { ...none, ...known };
  const read = new Set<FactName>();
  const watched = new Proxy(facts, {
    get(target, name: FactName) {
      read.add(name);
      return target[name];
    },
  });
  const { thread, event } = inputOf(state, type, watched, 0, 1);
  runMachine(state, contextOf(thread), event);
  const open = [...read].filter((name) => !(name in known));
  return [
    facts,
    ...open.flatMap((name, index) =>
      leaves(state, type, {
        ...known,
        ...Object.fromEntries(open.slice(0, index).map((earlier) => [earlier, false])),
        [name]: true,
      }),
    ),
  ];
}

function typesOf(state: ThreadState): MachineEvent['type'][] {
  return [...new Set(threadMachine.root.states[state]?.transitions.keys())] as MachineEvent['type'][];
}

const all = threadStates.flatMap((state) => typesOf(state).map((type) => [state, type] as const));
const oneEach = Array.from({ length: nullable }, (_, index) => 1 << index);
const everything = (1 << nullable) - 1;
const nullPatterns = [0, everything, ...oneEach, ...oneEach.map((bit) => everything & ~bit)];

it('covers every event of every state, and the timers', () => {
  expect(typesOf('released')).toEqual(Object.keys(threadMachine.config.states?.released?.on ?? {}));
  for (const state of ['default-owned', 'marketing-owned', 'passed'] as const) {
    expect(typesOf(state).toSorted()).toEqual(
      [
        ...Object.keys(threadMachine.config.states?.[state]?.on ?? {}),
        `xstate.after.controlWindow.thread.${state}`,
      ].sort(),
    );
  }
});

it.each(all)('remembers what the machine does in %s with %s', (state, type) => {
  const cases = leaves(state, type);
  expect(cases.length).toBe(new Set(cases.map((facts) => JSON.stringify(facts))).size);
  for (const facts of cases) {
    for (const nulls of nullPatterns) {
      // The second time it comes from memory, and with other values.
      for (const salt of [1, 2]) expectSame(state, type, facts, nulls, salt);
    }
  }
});

it('remembers it under facts that do not matter, too', () => {
  const facts = fc.record(
    Object.fromEntries(factNames.map((name) => [name, fc.boolean()])) as Record<FactName, fc.Arbitrary<boolean>>,
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      facts,
      fc.nat(everything),
      fc.nat(999),
      ([state, type], given, nulls, salt) => {
        expectSame(state, type, given, nulls, salt);
        expectSame(state, type, given, nulls, salt + 1);
      },
    ),
    { seed: 20_260_103, numRuns: 3000 },
  );
});
