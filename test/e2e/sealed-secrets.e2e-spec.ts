import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { builtMain, runServer } from '../support/server-process.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { newKeyring } from '../support/vault.js';

const bot = '2100000000000011';
const other = '2200000000000022';
const page = '104700000000001';
const secrets = { app_secret: 'secret-of-the-bot', verify_token: 'verify-token-of-the-bot' };
const metaToken = 'EAA-token-of-the-platform';
const oldKey = newKeyring('old');
const newKey = newKeyring('new');

let database: TestDatabase;
let sql: pg.Client;
const folders: string[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
afterEach(async () => {
  await sql.end();
  await database.drop();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const open = (KEYRING: string) => startSignalbox({ KEYRING }, database);
async function configure(signalbox: TestSignalbox): Promise<void> {
  for (const [pathname, body] of [
    [`apps/${bot}`, { name: 'Bot', ...secrets }],
    [`apps/${other}`, { name: 'Other' }],
    [`pages/${page}`, { name: 'Shop', meta: { page_access_token: metaToken } }],
  ] as const) {
    const { status } = await signalbox.api('PUT', `/api/v1/${pathname}`, body);
    expect(status).toBe(201);
  }
}
/** What the server makes of the bot's secret: an app token holds it. */
async function knowsSecret(signalbox: TestSignalbox): Promise<boolean> {
  const response = await fetch(`${signalbox.url}/v12.0/${bot}/subscriptions?access_token=${bot}|${secrets.app_secret}`);
  return response.status === 200;
}
/** Everything in the tables that hold secrets. */
async function dump(): Promise<string> {
  const { rows } = await sql.query(
    'select (select json_agg(a)::text from app a) || (select json_agg(p)::text from page p) as text',
  );
  return rows[0].text;
}
async function failsToStart(KEYRING: string): Promise<string> {
  const DATA_DIR = path.join(tmpdir(), `signalbox-sealed-${process.pid}-${randomBytes(4).toString('hex')}`);
  folders.push(DATA_DIR);
  const { code, stdout, stderr } = await runServer({ PORT: '0', DATABASE_URL: database.url, DATA_DIR, KEYRING });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  for (const secret of [...Object.values(secrets), metaToken]) expect(stderr).not.toContain(secret);
  return stderr;
}
async function reseal(KEYRING: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [path.join(path.dirname(builtMain), 'reseal-secrets.js')], {
    env: { PATH, DATABASE_URL: database.url, KEYRING },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...output };
}

it('no secret can be read in the database, and the server still knows it', async () => {
  const signalbox = await open(oldKey);
  await configure(signalbox);
  const stored = await dump();
  for (const secret of [...Object.values(secrets), metaToken]) expect(stored).not.toContain(secret);
  expect(await knowsSecret(signalbox)).toBe(true);
  await signalbox.stop();

  const again = await open(oldKey);
  expect(await knowsSecret(again)).toBe(true);
  await again.stop();
});

it('a database from before is sealed at the start, once', async () => {
  await sql.query(`insert into app (app_id, name, kind, app_secret, verify_token) values ($1, 'Bot', 'bot', $2, $3)`, [
    bot,
    secrets.app_secret,
    secrets.verify_token,
  ]);
  await sql.query(`insert into page (page_id, name, meta_access_token) values ($1, 'Shop', $2)`, [page, metaToken]);
  // Two at once, as in an upgrade of several instances.
  const servers = await Promise.all([open(oldKey), open(oldKey)]);
  expect(await Promise.all(servers.map(knowsSecret))).toEqual([true, true]);
  await Promise.all(servers.map((server) => server.stop()));
  const stored = await dump();
  for (const secret of [...Object.values(secrets), metaToken]) expect(stored).not.toContain(secret);

  await sql.query('update app set app_secret = $1', ['planted-by-somebody']);
  expect(await failsToStart(oldKey)).toMatch(/^The secret app\.app_secret of 2100000000000011 is not sealed: .*\.\n$/);
});

it('does not start with another key, or with secrets that were moved', async () => {
  const signalbox = await open(oldKey);
  await configure(signalbox);
  await signalbox.stop();

  expect(await failsToStart(newKey)).toMatch(
    /^The secret app\.\w+ of 2\d+ is sealed with the key "old", and there is only "new": .*KEYRING.*\.\n$/,
  );
  await sql.query('update app set app_secret = (select app_secret from app where app_id = $1)', [bot]);
  expect(await failsToStart(oldKey)).toMatch(/^The secret app\.app_secret of 2200000000000022 cannot be opened/);
});

it('a key is replaced while servers run', async () => {
  const before = await open(oldKey);
  await configure(before);
  // Everybody knows both keys before anybody seals with the new one.
  const both = await open(`${oldKey},${newKey}`);
  await before.stop();

  const { code, stdout, stderr } = await reseal(`${newKey},${oldKey}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('app.app_secret: 2 of 2\n');
  expect(stdout).toContain('page.meta_access_token: 1 of 1\n');
  expect(stdout).toMatch(/Sealed 5 anew\. Every secret is sealed with the key "new" now\.\n$/);
  expect(await dump()).not.toContain('sealed:1:old:');
  expect((await reseal(`${newKey},${oldKey}`)).stdout).toContain('Sealed 0 anew.');

  expect((await both.api('POST', `/api/v1/apps/${bot}/pause`)).status).toBe(200);
  expect(await knowsSecret(both)).toBe(true);
  await both.stop();
  const after = await open(newKey);
  expect(await knowsSecret(after)).toBe(true);
  await after.stop();
});
