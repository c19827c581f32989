import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../../src/store/embedded-postgres.js';
import { until } from '../support/delivery.js';
import { metaAppSecret, Person, postWebhook } from '../support/person.js';
import { runShell } from '../support/run.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { SmallDisk } from '../support/small-disk.js';
import { Stage, type Bot } from '../support/stage.js';

/* The disk that the database writes to is full, and later it is not. */
const obstacle = SmallDisk.obstacle();
if (obstacle !== null) process.stderr.write(`SKIPPED, what a full disk does is not tested: ${obstacle}\n`);
const test = obstacle === null ? it : it.skip;

let disk: SmallDisk;
let dataDir: string;
let signalbox: TestSignalbox;
let stage: Stage;
let support: Bot;
let person: Person;
/** What the platform was told is taken, in order. */
const taken: string[] = [];

/** The server on the database of the small disk. */
async function open(url: string): Promise<void> {
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret }, { url, drop: () => Promise.resolve() });
  stage = new Stage({ url: signalbox.url, adminToken: signalbox.adminToken.value });
  support = await stage.addBot('2200000000000022');
  const page = await stage.addPage('104700000000001', [[support]], { messenger: { defaultApp: support } });
  person = new Person(stage, page, 'messenger', 'platform');
}

async function write(text: string): Promise<number> {
  const at = Date.now();
  // It needs pages of its own, so that there is no room for it anywhere; what repeats would be compressed.
  const long = randomBytes(10_000).toString('hex');
  const item = person.item(at, `"message":{"mid":"m_${text}","text":"${text} ${long}"}`);
  const status = await postWebhook(signalbox.url, person.envelope(at, { field: 'messaging', item }));
  if (status === 200) taken.push(text);
  return status;
}

/** Writes until it is refused; answers what was. */
async function writeUntilRefused(): Promise<string> {
  for (let n = 0; ; n++) {
    const text = `full-${n}`;
    const status = await write(text);
    if (status === 200) continue;
    expect(status).toBe(503);
    return text;
  }
}

/** Everything that was taken is in the log, and has arrived, once and in order. */
async function expectAllThere(): Promise<void> {
  const texts = (items: any[]) => items.map((item) => item.message.text.split(' ')[0]);
  expect(texts((await person.events()).map(({ payload }) => payload))).toEqual(taken);
  const delivered = () => support.receiver.about(person.psid).map(({ json }) => json.entry[0].messaging[0]);
  await until('everything has arrived', () => new Set(texts(delivered())).size === taken.length);
  expect([...new Set(texts(delivered()))]).toEqual(taken);
  expect(support.receiver.faults).toEqual([]);
}

beforeEach(() => {
  if (obstacle !== null) return;
  taken.length = 0;
  disk = SmallDisk.mount(220);
  dataDir = path.join(disk.folder, 'data');
});
afterEach(async () => {
  if (obstacle !== null) return;
  disk.free();
  await stage?.close();
  await signalbox?.stop();
  await stopEmbeddedPostgres(dataDir);
  await rm(`${disk.folder}-wal`, { recursive: true, force: true });
  disk.unmount();
});

test('no room for data: nothing is taken that cannot be kept, and with room again all goes on by itself', async () => {
  await startEmbeddedPostgres({ dataDir });
  await stopEmbeddedPostgres(dataDir);
  // The write-ahead log is elsewhere, where there is room.
  const log = path.join(dataDir, 'postgres', 'pg_wal');
  const moved = await runShell(`cp -a ${log} ${disk.folder}-wal && rm -r ${log} && ln -s ${disk.folder}-wal ${log}`);
  expect(moved).toMatchObject({ code: 0, stderr: '' });
  const { url } = await startEmbeddedPostgres({ dataDir });
  await open(url);
  expect(await write('before')).toBe(200);
  disk.fill();
  const refused = await writeUntilRefused();
  expect(await signalbox.api('GET', '/health/live')).toMatchObject({ status: 200 });
  disk.free();
  expect(await write(refused)).toBe(200);
  expect(await write('after')).toBe(200);
  await expectAllThere();
});

test('no room for the write-ahead log: the database ends, and once it is back nothing is missing', async () => {
  const { url } = await startEmbeddedPostgres({ dataDir });
  await open(url);
  expect(await write('before')).toBe(200);
  disk.fill();
  const admin = new pg.Client({ connectionString: url });
  admin.on('error', () => undefined);
  await admin.connect();
  // Each takes a new file of the log, whether or not the one before is full, until the database ends. It may be back by
  // itself in a moment, where it finds files to use again.
  let last = '';
  for (let room = true; room;) {
    last = `log-${taken.length}`;
    room =
      (await write(last)) === 200 &&
      (await admin.query('select pg_switch_wal()').then(
        () => true,
        () => false,
      ));
  }
  await admin.end().catch(() => undefined);
  expect(await signalbox.api('GET', '/health/live')).toMatchObject({ status: 200 });
  disk.free();
  await startEmbeddedPostgres({ dataDir });
  // As the platform does: what was not taken comes again, until it is.
  if (!taken.includes(last)) await until('it is taken', async () => (await write(last)) === 200);
  await until('what comes after is taken', async () => (await write('after')) === 200);
  await expectAllThere();
});
