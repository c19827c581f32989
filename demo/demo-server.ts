import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defaultDataDir } from '../src/store/embedded-postgres.js';
import { AdminCallError, AdminClient } from './admin-client.js';
import { DemoError } from './demo-error.js';

const program = fileURLToPath(new URL('../src/main.js', import.meta.url));
const defaultUrl = 'http://127.0.0.1:3000';

/** The server the demo is played against. */
export interface DemoServer {
  readonly admin: AdminClient;
  /** Whether the demo has started it itself. */
  readonly own: boolean;
}

/** Remembers what is to be done at the end, whatever ends the demo. */
export type AtEnd = (step: () => Promise<void>) => void;

/**
 * The server at SIGNALBOX_URL, else one that runs at the usual address, else a fresh one; with `--fresh` always that,
 * for the demo moves the clock of the server it is played on.
 */
export async function openServer(env: NodeJS.ProcessEnv, args: readonly string[], atEnd: AtEnd): Promise<DemoServer> {
  if (args.includes('--fresh')) return startServer(atEnd);
  const url = (env['SIGNALBOX_URL'] ?? '').replace(/\/+$/, '');
  if (!(await answers(url === '' ? defaultUrl : url))) {
    if (url !== '') throw new DemoError(`Nothing answers at SIGNALBOX_URL (${url}).`);
    return startServer(atEnd);
  }
  const token = env['ADMIN_TOKEN'] ?? (await keptToken(env));
  if (token === null) {
    throw new DemoError('A server is running, but its admin token is not known here: set ADMIN_TOKEN.');
  }
  const admin = new AdminClient(url === '' ? defaultUrl : url, token);
  try {
    await admin.get('simulator/clock');
  } catch (error) {
    if (!(error instanceof AdminCallError)) throw error;
    throw new DemoError(`The server at ${admin.url} cannot play the demo: ${error.message}`, { cause: error });
  }
  return { admin, own: false };
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/api/v1/simulator/clock`);
    return true;
  } catch {
    return false;
  }
}

/** The token that a server in this folder has made for itself. */
async function keptToken(env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    return (await readFile(path.join(defaultDataDir({ DATA_DIR: env['DATA_DIR'] }), 'admin-token'), 'utf8')).trim();
  } catch {
    return null;
  }
}

async function startServer(atEnd: AtEnd): Promise<DemoServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'signalbox-demo-'));
  // Started by root, PostgreSQL runs as another user.
  await chmod(dataDir, 0o711);
  const token = randomBytes(24).toString('base64url');
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir, ADMIN_TOKEN: token, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  atEnd(async () => {
    child.kill();
    await ended;
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  const url = await new Promise<string | null>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const [found] = /http:\/\/[^\s/]+/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then(() => resolve(null));
  });
  if (url === null) throw new DemoError('The server could not be started.');
  return { admin: new AdminClient(url, token), own: true };
}
