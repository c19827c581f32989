import { appId, mid } from '../../src/domain/ids.js';
import type { LogRow } from '../../src/domain/log.js';
import type { Outcome } from '../../src/routing/submission.js';
import type { Core } from '../../src/core.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/delivery.js';
import { foldLog } from '../support/fold.js';
import {
  configureShop,
  inbox,
  marketing,
  openInstance,
  springAd,
  submit,
  support,
  threadOf,
  userEvent,
} from '../support/instance.js';

const tap = (number: number, mid: string) =>
  userEvent('user.referral', threadOf(number), mid, { referral: { adId: springAd, ref: 'spring' } });
const message = (number: number, mid: string) => userEvent('user.message', threadOf(number), mid);
const passBy = (callerAppId: typeof marketing) =>
  ({ type: 'control.pass', callerAppId, targetAppId: null, metadata: null }) as const;

/** All rows of all lanes, checked to be the fold of each thread. */
async function wholeLog({ log }: Core): Promise<LogRow[]> {
  const rows: LogRow[] = [];
  for (const [lane, lastId] of (await log.lastIds()).entries()) {
    if (lastId === 0) continue;
    const found = await log.rowsAfter(lane, 0, 100_000);
    expect(found.map((row) => row.id)).toEqual(Array.from({ length: lastId }, (_, index) => index + 1));
    rows.push(...found);
  }
  return rows;
}

async function expectThreadsToBeTheirFold(core: Core): Promise<void> {
  const byThread = Map.groupBy(await wholeLog(core), (row) => row.psid);
  for (const rows of byThread.values()) {
    const [first] = rows;
    if (first === undefined) continue;
    expect(await core.log.findThread(first)).toEqual(foldLog(rows));
  }
}

const results = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.result);

describe('the router', () => {
  let database: TestDatabase;
  let one: Core;

  beforeEach(async () => {
    database = await createTestDatabase();
    one = await openInstance(database.url);
    await configureShop(one);
  });
  afterEach(async () => {
    await one.close();
    await database.drop();
  });

  it('commits what it answers: thread, log and answer agree', async () => {
    const tapped = await one.router.dispatch(submit(threadOf(1), tap(1, 'm_1')));
    expect(tapped).toMatchObject({
      result: 'applied',
      before: { state: 'released', version: 0 },
      thread: { state: 'marketing-owned', ownerAppId: marketing, version: 1 },
    });
    const passed = await one.router.dispatch(submit(threadOf(1), passBy(marketing)));
    expect(passed).toMatchObject({ result: 'applied', thread: { state: 'passed', ownerAppId: support } });
    const refused = await one.router.dispatch(submit(threadOf(1), passBy(marketing)));
    expect(refused).toMatchObject({
      result: 'refused',
      refusal: { reason: 'pass_not_owner', effectiveOwnerAppId: support },
    });

    const rows = await one.log.rowsOfThread(threadOf(1), 0, 100);
    expect(rows.map((row) => [row.type, row.refusal?.reason ?? 'applied'])).toEqual([
      ['user.referral', 'applied'],
      ['control.pass', 'applied'],
      ['control.pass', 'pass_not_owner'],
    ]);
    await expectThreadsToBeTheirFold(one);
  });

  it('gives a duplicate one effect, also in one batch and after a restart', async () => {
    const twice = () => submit(threadOf(2), message(2, 'm_2'), 'user.message:m_2');
    const outcomes = await Promise.all([one.router.dispatch(twice()), one.router.dispatch(twice())]);
    expect(results(outcomes)).toEqual(['applied', 'duplicate']);

    const two = await openInstance(database.url);
    try {
      const other = submit(threadOf(3), message(3, 'm_3'));
      expect(results(await Promise.all([two.router.dispatch(twice()), two.router.dispatch(other)]))).toEqual([
        'duplicate',
        'applied',
      ]);
    } finally {
      await two.close();
    }
    expect(await one.log.rowsOfThread(threadOf(2), 0, 100)).toHaveLength(1);
  });

  it("knows a repetition after midnight, and after any other day within the platform's own", async () => {
    const occurredAt = one.clock.now();
    const again = () => ({
      ...submit(threadOf(2), message(2, 'm_night')),
      events: [{ event: message(2, 'm_night'), sourceId: 'user.message:m_night', occurredAt }],
    });
    expect((await one.router.dispatch(again())).result).toBe('applied');
    await one.configStore.setClockOffset(24 * 60 * 60 * 1000);
    await one.configuration.refresh();
    expect((await one.router.dispatch(again())).result).toBe('duplicate');
  });

  it('applies the events of one call together or not at all', async () => {
    await one.router.dispatch(submit(threadOf(4), message(4, 'm_4')));
    const unknown = appId('999');
    const outcome = await one.router.dispatch({
      ...submit(threadOf(4), message(4, 'unused')),
      events: [
        { event: message(4, 'm_5'), sourceId: 'a', occurredAt: null },
        { event: { ...passBy(support), targetAppId: unknown }, sourceId: 'b', occurredAt: null },
      ],
    });
    expect(outcome).toMatchObject({ result: 'refused', refusal: { reason: 'target_not_connected' } });
    const rows = await one.log.rowsOfThread(threadOf(4), 0, 100);
    expect(rows.map((row) => row.type)).toEqual(['user.message', 'control.pass']);
    await expectThreadsToBeTheirFold(one);
  });

  it('explains a refused call by the thread as it was before it', async () => {
    await one.router.dispatch(submit(threadOf(16), message(16, 'm_20')));
    await one.router.dispatch(submit(threadOf(16), passBy(support)));
    const outcome = await one.router.dispatch({
      ...submit(threadOf(16), message(16, 'unused')),
      events: [
        {
          event: { type: 'app.send', callerAppId: inbox, tag: null, mid: mid('m_21'), payload: '{}' },
          sourceId: 'c',
          occurredAt: null,
        },
        { event: { ...passBy(inbox), targetAppId: appId('999') }, sourceId: 'd', occurredAt: null },
      ],
    });
    // The inbox would have taken the thread, had the pass been possible.
    expect(outcome).toMatchObject({
      result: 'refused',
      refusal: { reason: 'target_not_connected', state: 'default-owned', effectiveOwnerAppId: support },
    });
  });

  it('answers a repeated idempotency key as the first time, and refuses it for another request', async () => {
    await one.router.dispatch(submit(threadOf(5), message(5, 'm_6')));
    const call = (requestHash: string) =>
      one.router.dispatch({
        ...submit(threadOf(5), { type: 'operator.pass', targetAppId: inbox }),
        idempotency: { sourceId: 'key:1', requestHash },
      });
    expect(results(await Promise.all([call('x'), call('x')]))).toEqual(['applied', 'duplicate']);
    expect(await call('x')).toMatchObject({ result: 'duplicate', rows: [{ thread: { ownerAppId: inbox } }] });
    expect(await call('y')).toEqual({ result: 'key_reused' });
  });

  it('refuses what names a page, a person, a channel or a version that is not there', async () => {
    await one.router.dispatch(submit(threadOf(6), message(6, 'm_7')));
    const release = submit(threadOf(6), { type: 'operator.release' });
    const stranger = { ...release, key: threadOf(99) };
    const elsewhere = { ...release, key: { ...threadOf(6), pageId: '5' as typeof release.key.pageId } };
    expect(await one.router.dispatch(stranger)).toEqual({ result: 'unknown_person' });
    expect(await one.router.dispatch(elsewhere)).toEqual({ result: 'unknown_page' });
    expect(await one.router.dispatch({ ...release, channel: 'instagram' })).toEqual({
      result: 'wrong_channel',
      channel: 'messenger',
    });
    expect(await one.router.dispatch({ ...release, ifVersion: 7 })).toMatchObject({
      result: 'version_mismatch',
      thread: { version: 1 },
    });
    expect(await one.log.rowsOfThread(threadOf(6), 0, 100)).toHaveLength(1);
  });

  it('puts an event the database does not take into quarantine and answers the others', async () => {
    const poison = submit(threadOf(7), message(7, 'm_8'), 'nul:\u0000');
    const outcomes = await Promise.all([
      one.router.dispatch(submit(threadOf(8), message(8, 'm_9'))),
      one.router.dispatch(poison),
      one.router.dispatch(submit(threadOf(9), message(9, 'm_10'))),
    ]);
    expect(results(outcomes)).toEqual(['applied', 'quarantined', 'applied']);
    const { rows } = await one.hotPool.query('select reason, page_id from quarantine');
    expect(rows).toEqual([{ reason: 'refused_by_database', page_id: threadOf(7).pageId }]);
  });

  it('uses the new configuration for everything after its change', async () => {
    const two = await openInstance(database.url);
    try {
      await two.router.dispatch(submit(threadOf(10), tap(10, 'm_11')));
      // The second instance no longer looks for changes: only its commit can tell it of this one.
      two.configuration.stop();
      const known = two.configuration.current().epoch;
      const changed = one.configStore.deleteRoute(threadOf(10).pageId, 'ad', springAd);
      await until('the change is committed', async () => {
        const { rows } = await one.readPool.query<{ epoch: string }>('select epoch from configuration');
        return Number(rows[0]?.epoch) > known;
      });
      const outcome = await two.router.dispatch(submit(threadOf(11), tap(11, 'm_12')));
      expect(outcome).toMatchObject({ result: 'applied', thread: { state: 'default-owned', ownerAppId: support } });
      await changed;
    } finally {
      await two.close();
    }
  });

  it('releases a thread at its deadline, whoever notices it first', async () => {
    await one.router.dispatch(submit(threadOf(12), tap(12, 'm_13')));
    await one.router.dispatch(submit(threadOf(13), tap(13, 'm_14')));
    await one.configStore.setClockOffset(24 * 60 * 60 * 1000);
    const late = await one.router.dispatch(submit(threadOf(12), message(12, 'm_15')));
    expect(late).toMatchObject({ before: { state: 'released' }, thread: { state: 'default-owned' } });

    expect(await one.timers.tick()).toBe(1);
    expect(await one.timers.tick()).toBe(0);
    const rows = await one.log.rowsOfThread(threadOf(13), 0, 100);
    expect(rows.map((row) => row.type)).toEqual(['user.referral', 'control.expired']);
    expect(rows[1]?.at).toBe(rows[0]?.thread.deadlineAt);
    await expectThreadsToBeTheirFold(one);
  });

  it('looks again at a thread whose person went on writing', async () => {
    const hourMs = 60 * 60 * 1000;
    await one.router.dispatch(submit(threadOf(14), message(14, 'm_16')));
    await one.configStore.setClockOffset(23 * hourMs);
    await one.router.dispatch(submit(threadOf(14), message(14, 'm_17')));
    await one.configStore.setClockOffset(25 * hourMs);
    expect(await one.timers.tick()).toBe(0);
    await one.configStore.setClockOffset(47 * hourMs);
    expect(await one.timers.tick()).toBe(1);
    expect(await one.log.findThread(threadOf(14))).toMatchObject({ state: 'released' });
  });

  it('releases the threads of an app that is disconnected', async () => {
    await one.router.dispatch(submit(threadOf(15), tap(15, 'm_18')));
    await one.configStore.deleteConnection(threadOf(15).pageId, marketing);
    expect(await one.timers.tick()).toBe(1);
    expect(await one.log.findThread(threadOf(15))).toMatchObject({ state: 'released', previousOwnerAppId: marketing });
    expect(await one.timers.tick()).toBe(0);
  });

  it.each([2, 3])('keeps one owner while %i instances fight over the same threads', async (count) => {
    const instances = [one];
    while (instances.length < count) instances.push(await openInstance(database.url, { COMMITS_AT_ONCE: '3' }));
    try {
      for (let thread = 0; thread < 20; thread++) await one.router.dispatch(submit(threadOf(thread), tap(thread, 'x')));
      // Every instance passes every thread on behalf of the marketing bot at once: one of them is first.
      const rounds = await Promise.all(
        instances.map((instance) =>
          Promise.all(
            Array.from({ length: 20 }, (_, thread) =>
              instance.router.dispatch(submit(threadOf(thread), passBy(marketing))),
            ),
          ),
        ),
      );
      for (let thread = 0; thread < 20; thread++) {
        const outcomes = results(rounds.map((round) => round[thread] as Outcome)).sort();
        expect(outcomes).toEqual(['applied', ...Array<string>(count - 1).fill('refused')]);
      }
      // And then a crowd: messages and control changes from everywhere.
      await Promise.all(
        Array.from({ length: 300 }, (_, turn) => {
          const instance = instances[turn % count] as Core;
          const thread = (turn * 7) % 20;
          if (turn % 5 === 0) return instance.router.dispatch(submit(threadOf(thread), { type: 'operator.release' }));
          if (turn % 3 === 0) return instance.router.dispatch(submit(threadOf(thread), tap(thread, `t_${turn}`)));
          return instance.router.dispatch(submit(threadOf(thread), message(thread, `c_${turn}`)));
        }),
      );
      await expectThreadsToBeTheirFold(one);
    } finally {
      for (const instance of instances.slice(1)) await instance.close();
    }
  });
});
