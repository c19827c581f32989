import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { ThreadEvent } from '../../src/domain/thread/thread.events.js';

// The only timer of the code under test that is not a global one.
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
const { Simulator } = await import('./simulator.js');
const { SimulatedWorld, people, receivers } = await import('./simulated-world.js');
const fixtures = await import('../support/thread-fixtures.js');
const { adTap, bystander, desk, hour, marketing, message, pass, send, takeover, userEvent } = fixtures;

/*
 * Router, timers and dispatcher of two or three instances on a database in memory, where a seed decides what happens
 * next: which statement is carried out, which answer arrives, which process dies or stands still in between. When the
 * faults have ended and everything is quiet, nothing is lost, nothing is out of order, and every thread is the fold of
 * its log. A failure prints its seed and the shortest story found that shows it.
 */

const runs = Number(process.env['SIMULATION_RUNS'] ?? 400);

type Act =
  | { readonly type: 'write'; readonly person: number; readonly how: number }
  | { readonly type: 'ask'; readonly person: number; readonly how: number }
  | { readonly type: 'go on'; readonly steps: number }
  | { readonly type: 'kill' | 'pause' | 'resume'; readonly instance: number }
  | { readonly type: 'database fails'; readonly share: number }
  | { readonly type: 'app fails'; readonly app: number; readonly share: number }
  | { readonly type: 'thread is poison'; readonly app: number; readonly person: number }
  | { readonly type: 'time passes'; readonly hours: number }
  | { readonly type: 'default app' | 'disconnect' | 'connect'; readonly app: number };

const instance = fc.nat(2);
const app = fc.nat(3);
const person = fc.nat(3);
const of = <Type extends Act['type']>(type: Type) => fc.constant(type);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: of('write'), person, how: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ type: of('ask'), person, how: fc.nat(4) }) },
  { weight: 8, arbitrary: fc.record({ type: of('go on'), steps: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ type: of('kill'), instance }) },
  { weight: 2, arbitrary: fc.record({ type: of('pause'), instance }) },
  { weight: 2, arbitrary: fc.record({ type: of('resume'), instance }) },
  { weight: 1, arbitrary: fc.record({ type: of('database fails'), share: fc.constantFrom(0, 0.05, 0.3) }) },
  { weight: 2, arbitrary: fc.record({ type: of('app fails'), app, share: fc.constantFrom(0, 0.2, 0.6, 1) }) },
  { weight: 1, arbitrary: fc.record({ type: of('thread is poison'), app, person }) },
  { weight: 1, arbitrary: fc.record({ type: of('time passes'), hours: fc.constantFrom(1, 25) }) },
  { weight: 1, arbitrary: fc.record({ type: of('default app'), app }) },
  { weight: 1, arbitrary: fc.record({ type: of('disconnect'), app }) },
  { weight: 1, arbitrary: fc.record({ type: of('connect'), app }) },
);

const doings: readonly (() => ThreadEvent)[] = [
  () => message(),
  () => message(),
  () => adTap(),
  () => userEvent('user.postback'),
  () => userEvent('user.reaction'),
  () => userEvent('user.read'),
];
const askings: readonly (() => ThreadEvent)[] = [
  () => pass(marketing, desk),
  () => pass(desk, bystander),
  () => ({ type: 'control.release', callerAppId: desk }),
  () => send(takeover),
  () => pass(bystander, marketing),
];

async function play(acts: readonly Act[], seed: number): Promise<void> {
  const simulator = new Simulator(seed);
  simulator.takeOver();
  try {
    const world = new SimulatedWorld(simulator, 3);
    let events = 0;
    for (const each of acts) {
      await perform(each);
      await simulator.until(() => false, 3);
    }
    world.heal();
    for (let hours = 1; !(await simulator.until(() => world.isQuiet(), 15_000)); hours++) {
      if (hours > 5) throw new Error(`it never became quiet: ${world.whatIsOpen()}`);
      // What failed at the last moment may wait for long.
      world.passTime(hour);
    }
    world.check();

    async function perform(each: Act): Promise<void> {
      switch (each.type) {
        case 'write':
        case 'ask': {
          const key = people[each.person % people.length];
          const make = each.type === 'write' ? doings[each.how] : askings[each.how];
          if (key === undefined || make === undefined) return;
          if (each.type === 'write') world.send(key, make(), `user:${++events}`);
          else world.ask(key, make(), `ask:${++events}`);
          return;
        }
        case 'go on':
          await simulator.until(() => false, each.steps);
          return;
        case 'kill':
          return world.kill(each.instance);
        case 'pause':
          return world.pause(each.instance);
        case 'resume':
          return world.resume(each.instance);
        case 'database fails':
          world.database.failing = each.share;
          return;
        case 'app fails': {
          const failing = world.apps.get(`http://app/${receivers[each.app]}`);
          if (failing !== undefined) failing.trouble = each.share;
          return;
        }
        case 'thread is poison': {
          const poisoned = world.apps.get(`http://app/${receivers[each.app]}`);
          if (poisoned !== undefined) poisoned.poisoned = people[each.person % people.length]?.psid ?? null;
          return;
        }
        case 'time passes':
          return world.passTime(each.hours * hour);
        case 'default app':
          return world.setDefaultApp(receivers[each.app] ?? null);
        case 'disconnect':
        case 'connect':
          return world.connect(receivers[each.app] ?? desk, each.type === 'connect');
      }
    }
  } finally {
    simulator.giveBack();
  }
}

describe('three instances in a simulated world', () => {
  it('lose nothing, keep the order, and keep every thread the fold of its log', async () => {
    await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60, size: 'max' }), fc.nat(), play), {
      seed: Number(process.env['SIMULATION_SEED'] ?? 20_261_127),
      numRuns: runs,
      ...(process.env['SIMULATION_PATH'] !== undefined && { path: process.env['SIMULATION_PATH'] }),
      endOnFailure: process.env['SIMULATION_SHRINK'] !== 'true',
    });
  }, 600_000);
});
