import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { defaultDataDir, startEmbeddedPostgres, stopEmbeddedPostgres } from '../../src/store/embedded-postgres.js';

/** An initdb takes a second, and three at once on a busy machine several. */
jest.setTimeout(60_000);

const root = path.resolve(import.meta.dirname, '../..');
const processes: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
});

afterAll(async () => {
  for (const folder of folders) {
    await stopEmbeddedPostgres(folder).catch(() => undefined); // a test may have failed before there was one
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
});

function newFolder(name = ''): string {
  const folder = path.join(tmpdir(), `signalbox-embedded-${randomBytes(4).toString('hex')}${name}`);
  folders.push(folder);
  return folder;
}

/** Starts the server from a process of its own; resolves with the connection string it prints. */
async function startElsewhere(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const script = path.join(root, 'test/support/embedded-owner.ts');
  const imports = path.join(root, 'test/support/typescript-imports.ts');
  const child = spawn(process.execPath, ['--import', imports, script, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  processes.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: line.toString().trim() };
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows[0]!;
  } finally {
    await client.end();
  }
}

const serverPid = async (dataDir: string) =>
  Number((await readFile(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);

describe('an existing data folder', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = newFolder();
    const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
    await query(url, 'create table kept (word text)');
    await query(url, `insert into kept values ('here')`);
  });

  it('is served by PostgreSQL 18 over a Unix socket and nothing else', async () => {
    const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(await query(url, 'show server_version')).toEqual({ server_version: expect.stringMatching(/^18\./) });
    expect(await query(url, 'show listen_addresses')).toEqual({ listen_addresses: '' });
    expect(await query(url, 'select current_database() as name')).toEqual({ name: 'signalbox' });
  });

  it('keeps its data over a stop and a start', async () => {
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    await server.stop();
    await expect(query(server.url, 'select 1')).rejects.toThrow();
    const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(await query(url, 'select word from kept')).toEqual({ word: 'here' });
  });

  it('keeps its running server when the process that started it is killed', async () => {
    await stopEmbeddedPostgres(dataDir);
    const { child, url } = await startElsewhere(dataDir);
    const pid = await serverPid(dataDir);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await startEmbeddedPostgres({ dataDir, durable: false })).toMatchObject({ url });
    expect(await serverPid(dataDir)).toBe(pid);
    expect(await query(url, 'select word from kept')).toEqual({ word: 'here' });
  });

  it('recovers when the server itself is killed', async () => {
    const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
    await query(url, 'checkpoint');
    const pid = await serverPid(dataDir);
    process.kill(pid, 'SIGKILL');
    const next = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(await serverPid(dataDir)).not.toBe(pid);
    expect(await query(next.url, 'select word from kept')).toEqual({ word: 'here' });
  });

  it('is left running by one of two owners while the other uses it', async () => {
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    const second = await startEmbeddedPostgres({ dataDir, durable: false });
    const client = new pg.Client({ connectionString: first.url });
    await client.connect();
    await second.stop();
    expect((await client.query('select word from kept')).rows).toEqual([{ word: 'here' }]);
    await client.end();
    await first.stop();
    await expect(query(first.url, 'select 1')).rejects.toThrow();
  });

  it('is not mistaken for a running one when another program has the number of its crashed server', async () => {
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    const pidFile = path.join(server.dataDir, 'postgres/postmaster.pid');
    const lines = (await readFile(pidFile, 'utf8')).split('\n');
    await server.stop();
    await writeFile(pidFile, ['1', ...lines.slice(1)].join('\n'));
    const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(await query(url, 'select word from kept')).toEqual({ word: 'here' });
  });

  it('says in one sentence why the server does not start', async () => {
    await stopEmbeddedPostgres(dataDir);
    const settings = path.join(dataDir, 'postgres/postgresql.auto.conf');
    const before = await readFile(settings, 'utf8');
    await appendFile(settings, `no_such_setting = 1\n`);
    const start = startEmbeddedPostgres({ dataDir, durable: false });
    await expect(start).rejects.toThrow(/^PostgreSQL did not start on \S+: .*(no_such_setting|errors).*$/);
    await writeFile(settings, before);
  });

  it('of another major version is refused', async () => {
    await stopEmbeddedPostgres(dataDir);
    const version = path.join(dataDir, 'postgres/PG_VERSION');
    await writeFile(version, '17\n');
    const start = startEmbeddedPostgres({ dataDir, durable: false });
    await expect(start).rejects.toThrow('was made by PostgreSQL 17, and PostgreSQL 18 cannot read it');
    await writeFile(version, '18\n');
  });
});

it('has one server when several processes start it for the first time at once', async () => {
  const dataDir = newFolder();
  const started = await Promise.all([startElsewhere(dataDir), startElsewhere(dataDir), startElsewhere(dataDir)]);
  expect(new Set(started.map(({ url }) => url)).size).toBe(1);
  const entries = (await readdir(dataDir)).sort();
  expect(entries).toEqual(['postgres', 'postgres.lock', 'postgres.log', 'socket']);
});

it('is reachable from a folder whose path is too long for a socket and has odd characters', async () => {
  const dataDir = newFolder(` a, "b" %41 ü ${'x'.repeat(100)}`);
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  expect(await query(server.url, 'select 1 as one')).toEqual({ one: 1 });
  await server.stop();
});

it('lives in DATA_DIR, else in the working folder, for root in a folder that the server may enter', () => {
  expect(defaultDataDir({ DATA_DIR: '/somewhere/else' })).toBe('/somewhere/else');
  expect(defaultDataDir({})).toBe(process.getuid?.() === 0 ? '/var/lib/signalbox/data' : path.resolve('data'));
});
