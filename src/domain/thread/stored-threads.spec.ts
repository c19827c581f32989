import { readFileSync } from 'node:fs';
import type { LogRow } from '../log.js';
import { replay } from './decide.js';
import { machineVersion, threadMachine } from './thread.machine.js';
import { threadStates, type Thread } from './thread.js';

/*
 * Threads and log rows of earlier releases, as they lie in databases. A change of the machine that makes one of these
 * tests fail needs a migration of the stored threads and a new machine version, with files of its own; these stay.
 */
interface StoredThreads {
  readonly threads: readonly Thread[];
  readonly log: readonly Pick<LogRow, 'event' | 'at' | 'thread' | 'refusal'>[];
}

const versions = Array.from({ length: machineVersion }, (_, index) => index + 1);

describe.each(versions)('machine version %i', (version) => {
  const file = new URL(`../../../test/support/stored-threads-v${version}.json`, import.meta.url);
  const { threads, log } = JSON.parse(readFileSync(file, 'utf8')) as StoredThreads;

  it('left threads in every state, all of which load', () => {
    expect(new Set(threads.map(({ state }) => state))).toEqual(new Set(threadStates));
    for (const { state, ...context } of threads) {
      expect(threadMachine.resolveState({ value: state, context }).value).toBe(state);
    }
  });

  it('left a log that folds to the same threads', () => {
    let [thread] = threads;
    for (const { event, at, thread: after, refusal } of log) {
      if (thread === undefined) throw new Error('there is a first thread');
      expect(replay(thread, event, at)).toEqual(after);
      expect(refusal === null || after.version === thread.version).toBe(true);
      thread = after;
    }
  });

  it('left every kind of event behind', () => {
    const types = new Set(log.map(({ event }) => event.type));
    for (const state of ['default-owned', 'marketing-owned', 'passed'] as const) {
      expect(types).toContain(`xstate.after.controlWindow.thread.${state}`);
      for (const type of Object.keys(threadMachine.config.states?.[state]?.on ?? {})) expect(types).toContain(type);
    }
  });
});

it('does not load a state that does not exist', () => {
  const context = { ...threadMachine.config.context } as never;
  expect(() => threadMachine.resolveState({ value: 'idle', context })).toThrow();
});
