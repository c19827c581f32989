import { psid, type Psid } from '../../src/domain/ids.js';
import type { Page } from '../../src/domain/page.js';
import type { ThreadEvent } from '../../src/domain/thread/thread.events.js';
import { newThread } from '../../src/domain/thread/thread.js';
import { configureCast, connect, setDefaultApp } from '../support/cast.js';
import { openClockedInstance, type ClockedInstance } from '../support/clocked-instance.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { FakeClock } from '../support/fake-clock.js';
import { foldLog } from '../support/fold.js';
import { desk, newYear, shop } from '../support/thread-fixtures.js';
import {
  allPaths,
  allTransitions,
  beginning,
  take,
  transitionsOf,
  walk,
  type Situation,
  type Step,
  type Taken,
} from '../support/thread-model.js';

/*
 * Every transition of the machine, taken through the real router, store and timers on a real database, held against the
 * pure decision step by step: state, owner, deadline, version, notices, refusals. A path is played by a person of its
 * own. Paths that change the time or the page at the same steps are played together, a step of all of them at a time.
 */

interface Player {
  readonly path: readonly Step[];
  readonly psid: Psid;
  situation: Situation;
}

let people = 0;
const isForAll = (step: Step) => !('event' in step);
const nameOf = (path: readonly Step[]) => path.map(({ type }) => type).join(' → ');

/** One path for each thing that a step can do in a state: situations that differ only in their past are left out. */
function pathsThatDiffer(page: Page): Step[][] {
  const names = allTransitions();
  const chosen = new Map<string, Step[]>();
  for (const path of allPaths(page)) {
    const taken = walk(path, page);
    const last = taken.at(-1);
    if (last === undefined) continue;
    const key = JSON.stringify([
      taken.at(-2)?.after.thread.state ?? 'new',
      path.at(-1)?.type,
      transitionsOf(last).map((transition) => names.get(transition)),
      last.decisions.map(({ decision: { notices } }) => notices.map(({ kind }) => kind)),
    ]);
    const known = chosen.get(key);
    // Those that leave time and page alone are played faster.
    if (known === undefined || path.filter(isForAll).length < known.filter(isForAll).length) chosen.set(key, path);
  }
  return [...chosen.values()];
}

describe('the router does what the machine decides', () => {
  let database: TestDatabase;
  let instance: ClockedInstance;
  let page: Page;
  const clock = new FakeClock(newYear);

  beforeAll(async () => {
    database = await createTestDatabase();
    instance = await openClockedInstance(database.url, clock);
    await configureCast(instance.configStore);
    const configured = instance.configuration.current().pages.get(shop);
    if (configured === undefined) throw new Error('there is a page');
    page = configured;
  });
  afterAll(async () => {
    await instance.close();
    await database.drop();
  });

  it('on every path', async () => {
    const paths = pathsThatDiffer(page);
    const groups = Map.groupBy(paths, (path) =>
      path.map((step) => (isForAll(step) ? step.type : 'their own')).join(' → '),
    );
    for (const together of groups.values()) await playTogether(together);

    const missed = allTransitions();
    for (const path of paths)
      for (const taken of walk(path, page)) transitionsOf(taken).forEach((each) => missed.delete(each));
    expect([...missed.values()]).toEqual([]);
  });

  async function playTogether(paths: readonly Step[][]): Promise<void> {
    const players = paths.map((path): Player => {
      const person = psid(String(7_000_000_000_000_000 + ++people));
      const thread = newThread(shop, person, 'messenger');
      return { path, psid: person, situation: { ...beginning, now: clock.now(), thread } };
    });
    await setDefaultApp(instance.configStore, desk);
    for (const [index, first] of paths[0]?.entries() ?? []) {
      clock.advance('waitMs' in first ? first.waitMs : 1);
      if (isForAll(first)) await happenToAll(first, players[0]?.situation);
      await Promise.all(
        players.map(async (player) => {
          const step = player.path[index];
          if (step === undefined) throw new Error('paths of a group have the same length');
          const taken = take(player.situation, step, page);
          player.situation = taken.after;
          if ('event' in step) await expectOutcome(player, step.event, taken);
        }),
      );
    }
    for (const player of players) await expectStored(player);
  }

  async function happenToAll(step: Step, situation: Situation | undefined): Promise<void> {
    if ('newDefaultAppId' in step) await setDefaultApp(instance.configStore, step.newDefaultAppId);
    if ('waitMs' in step) await instance.timers.tick();
    if ('disconnect' in step) {
      await instance.configStore.deleteConnection(shop, step.disconnect);
      await instance.timers.tick();
      await connect(instance.configStore, step.disconnect);
      await setDefaultApp(instance.configStore, situation?.defaultAppId ?? null);
    }
  }

  async function expectOutcome({ path, psid }: Player, event: ThreadEvent, { decisions, after }: Taken) {
    const outcome = await instance.router.dispatch({
      key: { pageId: shop, psid },
      channel: null,
      cause: { by: 'system' },
      events: [{ event, sourceId: `${psid}:${after.now}`, occurredAt: null }],
    });
    const last = decisions.at(-1);
    if (last === undefined || !('rows' in outcome)) throw new Error(`${outcome.result}: ${nameOf(path)}`);
    expect({ path: nameOf(path), ...outcome.rows.at(-1) }).toMatchObject({
      path: nameOf(path),
      type: event.type,
      at: last.at,
      event: last.decision.event,
      notices: last.decision.notices,
      refusal: last.decision.refusal,
      thread: after.thread,
    });
    expect(outcome.result).toBe(last.decision.refusal === null ? 'applied' : 'refused');
  }

  /** What the database says of a thread is what the decisions say, and what its log folds to. */
  async function expectStored({ path, psid, situation: { thread } }: Player): Promise<void> {
    const rows = await instance.log.rowsOfThread({ pageId: shop, psid }, 0, 1000);
    const found = await instance.log.findThread({ pageId: shop, psid });
    expect({ path: nameOf(path), thread: found }).toEqual({
      path: nameOf(path),
      thread: rows.length === 0 ? null : thread,
    });
    if (rows.length > 0) expect(foldLog(rows)).toEqual(found);
  }
});
