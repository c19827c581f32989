import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type pg from 'pg';
import { laneCount } from '../../src/domain/ids.js';
import { openPool } from '../../src/store/data-source.js';
import { springAd, springAdRoute } from '../support/acts.js';
import { EventReader } from '../support/event-reader.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type StagePage } from '../support/stage.js';

/* Three instances that 24 writers keep busy, while other transactions hold lanes and apps fail and stall. */
const writers = 24;
const peoplePerWriter = 2;
const changesPerPerson = 8;
const seed = 20_260_105;

let instances: TestSignalbox[] = [];
let stage: Stage;
let page: StagePage;
let pool: pg.Pool;

beforeAll(async () => {
  const one = await startSignalbox({ DELIVERY_TIMEOUT_MS: '1000' });
  const others = [1, 2].map(() => startSignalbox({ DELIVERY_TIMEOUT_MS: '1000' }, one.database));
  instances = [one, ...(await Promise.all(others))];
  pool = openPool(one.database.url);
  stage = new Stage({ url: one.url, adminToken });
  const marketing = await stage.addBot('2100000000000011');
  const support = await stage.addBot('2200000000000022');
  page = await stage.addPage('104700000000001', [[marketing], [support]], { messenger: { defaultApp: support } });
  const route = { receiving_app_id: marketing.id, ...springAdRoute };
  await stage.ask('PUT', `/api/v1/pages/${page.id}/routes/ads/${springAd}`, route);
  marketing.receiver.answer = () => 500;
  support.receiver.answer = () => 'hang';
});
afterAll(async () => {
  await stage?.close();
  for (const instance of instances.toReversed()) await instance.stop();
  await pool?.end();
});

interface Change {
  readonly id: string;
  readonly psid: string;
  readonly version: number;
}

/** Choices that are the same in every run, as far as timing leaves any. */
function chooser(name: number): <T>(from: readonly T[]) => T {
  const [numbers] = fc.sample(fc.array(fc.nat(1_000_000), { minLength: 400, maxLength: 400 }), {
    seed: seed + name,
    numRuns: 1,
  });
  let drawn = 0;
  return (from) => {
    const chosen = from[(numbers?.[drawn++ % 400] ?? 0) % from.length];
    if (chosen === undefined) throw new Error('there is nothing to choose from');
    return chosen;
  };
}

/** Owns and frees the threads of a few people in turn, through whichever instance. */
async function write(writer: number): Promise<void> {
  const choose = chooser(writer);
  const people = Array.from({ length: peoplePerWriter }, (_, n) => String(7_000_000_000_000_000 + writer * 100 + n));
  for (let change = 0; change < changesPerPerson; change += 2) {
    for (const psid of people) {
      const at = `/api/v1/simulator/pages/${page.id}/people/${psid}/actions`;
      const tapped = await choose(instances).api('POST', at, { type: 'tap_ad', ad_id: springAd });
      expect(tapped).toMatchObject({ status: 200, body: { state: 'marketing-owned' } });
      const control = `/api/v1/threads/${page.id}/${psid}/control`;
      const released = await choose(instances).api('POST', control, { action: 'release' });
      expect(released).toMatchObject({ status: 200 });
    }
  }
}

/** A transaction that has locked some lanes and is in no hurry, one after the other. */
async function holdLanes(done: AbortSignal): Promise<void> {
  const choose = chooser(1_000);
  const lanes = Array.from({ length: laneCount }, (_, lane) => lane);
  while (!done.aborted) {
    const client = await pool.connect();
    await client.query('begin');
    const held = Array.from({ length: 16 }, () => choose(lanes));
    await client.query('select from lane where lane = any($1::smallint[]) order by lane for update', [held]);
    await delay(choose([20, 60, 150]));
    await client.query('commit');
    client.release();
  }
}

/** Reads page by page, each from whichever instance, until there is nothing more after the end of all writing. */
async function readPages(reader: number, limit: number, done: AbortSignal): Promise<Change[]> {
  const choose = chooser(2_000 + reader);
  const changes: Change[] = [];
  for (let cursor = ''; ;) {
    const wasDone = done.aborted;
    const after = cursor === '' ? '' : `&after=${encodeURIComponent(cursor)}`;
    const { body } = await choose(instances).api('GET', `/api/v1/feed?limit=${limit}${after}`);
    changes.push(...body.data);
    cursor = body.next_cursor;
    if (wasDone && body.data.length === 0) return changes;
  }
}

/** Follows a stream, and goes on with another instance where the connection to the one before was cut. */
async function follow(reader: number, total: number): Promise<Change[]> {
  const choose = chooser(3_000 + reader);
  const changes: Change[] = [];
  for (let last = ''; changes.length < total;) {
    const headers = { authorization: `Bearer ${adminToken}`, ...(last !== '' && { 'last-event-id': last }) };
    const stream = await EventReader.open(`${choose(instances).url}/api/v1/feed`, headers, false);
    const enough = Math.min(choose([1, 5, 40]), total - changes.length);
    const read = () => stream.events.filter(({ event }) => event === 'ownership');
    await stream.until(() => read().length >= enough);
    stream.close();
    // What came after the cut was read by nobody.
    for (const { id, data } of read().slice(0, enough)) {
      changes.push(data);
      last = id;
    }
  }
  return changes;
}

it('every change is in every reader’s feed once, in order per thread', async () => {
  const writing = new AbortController();
  const total = writers * peoplePerWriter * changesPerPerson;
  const reading = [
    ...[3, 100].map((limit, reader) => readPages(reader, limit, writing.signal)),
    ...[0, 1].map((reader) => follow(reader, total)),
  ];
  const holding = holdLanes(writing.signal);
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  writing.abort();
  await holding;
  for (const changes of await Promise.all(reading)) {
    expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
    const versions = Map.groupBy(changes, ({ psid }) => psid);
    expect(versions.size).toBe(writers * peoplePerWriter);
    for (const seen of versions.values()) {
      expect(seen.map(({ version }) => version)).toEqual(Array.from({ length: changesPerPerson }, (_, n) => n + 1));
    }
  }
});
