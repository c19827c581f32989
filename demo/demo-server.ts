import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AdminCallError, AdminClient } from './admin-client.js';
import { DemoError } from './demo-error.js';
import { serverToken, serverUrl } from './running-server.js';

const program = fileURLToPath(new URL('../src/main.js', import.meta.url));

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
  const url = serverUrl(env);
  if (!(await answers(url))) {
    if (env['SIGNALBOX_URL']) throw new DemoError(`Nothing answers at SIGNALBOX_URL (${url}).`);
    return startServer(atEnd);
  }
  const admin = new AdminClient(url, await serverToken(env));
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
