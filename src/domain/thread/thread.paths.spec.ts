import { isDeepStrictEqual } from 'node:util';
import { page } from '../../../test/support/thread-fixtures.js';
import { allPaths, allTransitions, transitionsOf, walk } from '../../../test/support/thread-model.js';
import { replay } from './decide.js';
import type { Thread } from './thread.js';

const on = page();
const paths = allPaths(on);

it('finds situations in plenty', () => {
  expect(paths.length).toBeGreaterThan(10_000);
});

it('an owner comes with a deadline, a version with a change, a refusal with nothing', () => {
  for (const path of paths) {
    // Each path but its last step is a path of its own.
    const last = walk(path, on).at(-1);
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
  const missed = allTransitions();
  for (const path of paths) {
    const last = walk(path, on).at(-1);
    for (const transition of last === undefined ? [] : transitionsOf(last)) missed.delete(transition);
  }
  expect([...missed.values()]).toEqual([]);
});
