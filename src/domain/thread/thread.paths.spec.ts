import { isDeepStrictEqual } from 'node:util';
import { page } from '../../../test/support/thread-fixtures.js';
import { allPaths, beginning, take, type Step, type Taken } from '../../../test/support/thread-model.js';
import { fromLoggedEvent, replay } from './decide.js';
import { threadMachine } from './thread.machine.js';
import type { Thread } from './thread.js';

const on = page();
const paths = allPaths(on);

function walk(path: readonly Step[]): Taken[] {
  let situation = beginning;
  return path.map((step) => {
    const taken = take(situation, step, on);
    situation = taken.after;
    return taken;
  });
}

it('finds situations in plenty', () => {
  expect(paths.length).toBeGreaterThan(10_000);
});

it('an owner comes with a deadline, a version with a change, a refusal with nothing', () => {
  for (const path of paths) {
    // Each path but its last step is a path of its own.
    const last = walk(path).at(-1);
    for (const { before, at, decision } of last?.decisions ?? []) {
      const { thread, refusal, notices, event } = decision;
      const problems = [
        (thread.state === 'released') === (thread.ownerAppId === null) || 'an owned state without owner',
        (thread.ownerAppId === null) === (thread.deadlineAt === null) || 'an owner without deadline',
        (thread.ownerAppId === null) === (thread.ownerSince === null) || 'an owner since never',
        thread.deadlineAt === null || thread.deadlineAt > at || 'a deadline in the past',
        thread.version - before.version === (moved(before, thread) ? 1 : 0) || 'a wrong version',
        refusal === null || (notices.length === 0 && !moved(before, thread)) || 'a refusal with consequences',
        thread.entryPoint === null || thread.ownerAppId !== null || 'an entry point without owner',
        notices.every(({ appId }) => on.connections.has(appId)) || 'a notice to somebody else',
        isDeepStrictEqual(replay(before, event, at), thread) || 'a log that says otherwise',
      ].filter((problem) => problem !== true);
      if (problems.length > 0) throw new Error(`${problems.join(', ')}: ${path.map(({ type }) => type).join(' → ')}`);
    }
  }
});

function moved(before: Thread, after: Thread): boolean {
  return before.state !== after.state || before.ownerAppId !== after.ownerAppId;
}

it('takes every transition of the machine', () => {
  const taken = new Set<unknown>();
  for (const path of paths) {
    for (const { before, at, decision } of walk(path).at(-1)?.decisions ?? []) {
      const snapshot = threadMachine.resolveState({ value: before.state, context: before });
      for (const transition of threadMachine.getTransitionData(snapshot, fromLoggedEvent(decision.event, at))) {
        taken.add(transition);
      }
    }
  }
  const missed = Object.values(threadMachine.root.states).flatMap((node) =>
    [...node.transitions].flatMap(([type, candidates]) =>
      candidates.flatMap((candidate, index) => (taken.has(candidate) ? [] : [`${node.key}: ${type} (${index})`])),
    ),
  );
  expect(missed).toEqual([]);
});
