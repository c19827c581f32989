import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import { stopEmbeddedPostgres } from '../../src/store/embedded-postgres.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { runServer, startServerProcess, type Exit } from '../support/server-process.js';
import { Stage } from '../support/stage.js';
import { testServer, urlOf } from '../support/test-server.js';

const folders: string[] = [];
let database: TestDatabase;

/** Not there yet: as root, PostgreSQL runs as another user, who must be able to enter it. */
function newDataDir(): string {
  const folder = path.join(tmpdir(), `signalbox-start-${process.pid}-${randomBytes(6).toString('hex')}`);
  folders.push(folder);
  return folder;
}

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database?.drop();
  for (const folder of folders.filter((each) => existsSync(each))) {
    await stopEmbeddedPostgres(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
});

/** One sentence for a person, on stderr alone, and the exit code of a failure. */
function expectSentence({ code, signal, stdout, stderr }: Exit, about: RegExp, form = /^[A-Z][^\n]*\.\n$/): void {
  expect({ code, signal, stdout }).toEqual({ code: 1, signal: null, stdout: '' });
  expect(stderr).toMatch(about);
  expect(stderr).toMatch(form);
  expect(stderr).not.toMatch(/^\s+at |node:internal|Error:/m);
}

describe('a server that cannot start says why in one sentence', () => {
  it('a port that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = String((other.address() as AddressInfo).port);
    try {
      const exit = await runServer({ PORT: port, DATABASE_URL: database.url, DATA_DIR: newDataDir() });
      expectSentence(exit, new RegExp(`^Port ${port} is taken`));
    } finally {
      other.close();
    }
  });

  it('a database that nobody serves', async () => {
    // A port that was free a moment ago.
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await new Promise((resolve) => other.close(resolve));
    const exit = await runServer({
      PORT: '0',
      DATABASE_URL: `postgres://signalbox:hunter2@127.0.0.1:${port}/signalbox`,
      DATA_DIR: newDataDir(),
    });
    expectSentence(exit, /database/i);
    expect(exit.stderr).not.toContain('hunter2');
  });

  it('a database of another name than the server has', async () => {
    const exit = await runServer({
      PORT: '0',
      DATABASE_URL: urlOf(testServer(), 'no_such_database'),
      DATA_DIR: newDataDir(),
    });
    expectSentence(exit, /no_such_database/);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a port that is no number', { PORT: 'eighty' }, /PORT/],
    ['a port there cannot be', { PORT: '70000' }, /PORT/],
    ['a mode that is none', { MODE: 'production' }, /MODE/],
    ['a database of another kind', { DATABASE_URL: 'mysql://localhost/x' }, /DATABASE_URL/],
    ['an admin token anyone could guess', { ADMIN_TOKEN: 'admin' }, /ADMIN_TOKEN/],
    ['an address of another machine', { HOST: '192.0.2.1' }, /HOST/],
    ['failpoints in earnest', { MODE: 'gateway', FAILPOINTS: 'ingest.afterCommit' }, /FAILPOINTS/],
    ['a failpoint there is none of', { FAILPOINTS: 'ingest.aftercommit' }, /FAILPOINTS/],
    ['an address range that is none', { CALLBACK_ALLOW: '10.0.0.0/99' }, /CALLBACK_ALLOW/],
    ['a data folder that is a file', { DATA_DIR: '/dev/null', DATABASE_URL: '' }, /\/dev\/null/],
  ])('%s', async (_what, settings, about) => {
    const exit = await runServer({ PORT: '0', DATABASE_URL: database.url, DATA_DIR: newDataDir(), ...settings });
    expectSentence(exit, about);
  });

  it('a Node that is too old', async () => {
    const pretend = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.1'}})";
    const exit = await runServer({ NODE_OPTIONS: `--import=data:text/javascript,${pretend}` });
    expectSentence(exit, /Node 22\.19 or newer; this is 20\.11\.1/, /^Signalbox[^\n]*\. "npm ci"[^\n]*\.\n$/);
  });

  it('an option of Node that does not exist', async () => {
    const exit = await runServer({ NODE_OPTIONS: '--no-such-option' });
    expect(exit.code).not.toBe(0);
    expect(exit.stderr).toContain('--no-such-option');
    expect(exit.stderr).not.toMatch(/^\s+at /m);
  });
});

it('starts on a folder of its own, stops cleanly when told to, and has everything when it starts again', async () => {
  const settings = { DATA_DIR: newDataDir() };
  const first = await startServerProcess(settings);
  expect(first.adminToken.length).toBeGreaterThanOrEqual(16);
  expect(first.stdout()).toContain(settings.DATA_DIR);
  const stage = new Stage(first);
  const pages = await stage.list('/api/v1/pages');
  expect(pages).toHaveLength(1);
  const [{ page_id: page }] = pages;
  const person = `/api/v1/threads/${page}/7000000000000101`;
  await stage.ask('POST', `/api/v1/simulator/pages/${page}/people/7000000000000101/actions`, {
    type: 'message',
    text: 'Remember me',
  });
  const thread = await stage.ask('GET', person);
  const events = await stage.list(`${person}/events`);
  expect(await first.kill('SIGTERM')).toMatchObject({ code: 0, signal: null, stderr: '' });

  const second = await startServerProcess(settings);
  expect(second.adminToken).toBe(first.adminToken);
  stage.server = second;
  expect(await stage.list('/api/v1/pages')).toEqual(pages);
  expect(await stage.ask('GET', person)).toEqual(thread);
  expect(await stage.list(`${person}/events`)).toEqual(events);

  // Killed in the middle of everything: the database it leaves behind is taken over.
  await second.kill('SIGKILL');
  const third = await startServerProcess(settings);
  stage.server = third;
  expect(await stage.ask('GET', person)).toEqual(thread);
  expect(await third.kill('SIGINT')).toMatchObject({ code: 0, signal: null });
});
