import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { demo, seedDemo } from '../../src/channels/simulator/demo-data.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { dumpOf } from '../support/dump.js';
import { runShell } from '../support/run.js';
import { startSignalbox } from '../support/signalbox.js';
import { asAdmin, testServer, urlOf } from '../support/test-server.js';
import { newKeyring, testKeyring } from '../support/vault.js';

let original: TestDatabase;
const restoredName = () => `${testServer().prefix}_${randomBytes(6).toString('hex')}`;
const person = '7000000000000101';

beforeAll(async () => {
  original = await createTestDatabase();
});
afterAll(() => original?.drop());

/** A copy as an operator makes it: with `pg_dump`, where there is one for this server. */
async function restoreInto(name: string): Promise<void> {
  const dump = await dumpOf(original.url);
  await asAdmin(testServer(), async (admin) => {
    await admin.query(`create database ${name}${dump === null ? ` template ${nameOf(original.url)}` : ''}`);
  });
  if (dump === null) return;
  const target = urlOf(testServer(), name);
  const { code, stderr } = await runShell(`pg_dump -Fc '${original.url}' | pg_restore --exit-on-error -d '${target}'`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

const nameOf = (url: string) => /^[^/]*\/\/[^/]*\/([^?]+)/.exec(url)?.[1] ?? '';

it('what was given out before a restore is not taken for something of after it', async () => {
  const before = await startSignalbox({}, original);
  await seedDemo(before.core.configStore, before.core.clock.now());
  const act = (server: typeof before, text: string) =>
    server.api('POST', `/api/v1/simulator/pages/${demo.page}/people/${person}/actions`, { type: 'message', text });
  await act(before, 'before the backup');
  const feed = await before.api('GET', '/api/v1/feed');
  const deliveries = await before.api('GET', `/api/v1/threads/${demo.page}/${person}/deliveries`);
  const deliveryId = deliveries.body.data[0].id;
  await before.stop();

  const name = restoredName();
  const url = urlOf(testServer(), name);
  try {
    await restoreInto(name);
    const finish = (KEYRING: string) =>
      runShell(`'${process.execPath}' ${path.resolve('dist/src/restore.js')}`, { DATABASE_URL: url, KEYRING });
    const withoutItsKey = await finish(newKeyring('another'));
    expect(withoutItsKey).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('give it in KEYRING') });
    const finished = await finish(testKeyring);
    expect(finished).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('is incarnation') });

    const after = await startSignalbox({}, { url, drop: () => Promise.resolve() });
    const cursor = encodeURIComponent(feed.body.next_cursor);
    expect(await after.api('GET', `/api/v1/feed?after=${cursor}`)).toMatchObject({ status: 410 });
    expect(await after.api('GET', `/api/v1/deliveries/${deliveryId}`)).toMatchObject({ status: 410 });
    expect((await act(after, 'after the restore')).status).toBe(200);
    const again = await after.api('GET', `/api/v1/threads/${demo.page}/${person}/deliveries`);
    expect(again.body.data.map(({ id }: any) => id)).not.toContain(deliveryId);
    expect(again.body.data.length).toBeGreaterThan(deliveries.body.data.length);
    await after.stop();
  } finally {
    await asAdmin(testServer(), async (admin) => {
      await admin.query(`drop database if exists ${name} with (force)`);
    });
  }
});

it('the command says what it needs', async () => {
  const { code, stderr } = await runShell(`'${process.execPath}' ${path.resolve('dist/src/restore.js')}`);
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'Set DATABASE_URL to the database that was restored.\n' });
});
