import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { defaultDataDir } from '../src/store/embedded-postgres.js';
import { DemoError } from './demo-error.js';

const defaultUrl = 'http://127.0.0.1:3000';

/** Where a server is looked for: SIGNALBOX_URL, else the usual address. */
export function serverUrl(env: NodeJS.ProcessEnv): string {
  return env['SIGNALBOX_URL']?.replace(/\/+$/, '') || defaultUrl;
}

/**
 * The admin token of a running server: ADMIN_TOKEN, else the one that a server in this folder has made for itself.
 *
 * @throws DemoError if there is neither.
 */
export async function serverToken(env: NodeJS.ProcessEnv): Promise<string> {
  if (env['ADMIN_TOKEN'] !== undefined) return env['ADMIN_TOKEN'];
  try {
    return (await readFile(path.join(defaultDataDir({ DATA_DIR: env['DATA_DIR'] }), 'admin-token'), 'utf8')).trim();
  } catch (error) {
    throw new DemoError('A server is running, but its admin token is not known here: set ADMIN_TOKEN.', {
      cause: error,
    });
  }
}
