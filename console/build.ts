/** Builds the console into dist/console, if something it is made of is newer than what is there. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'vite';

const sources = import.meta.dirname;
const lock = path.join(sources, '../package-lock.json');
const built = path.join(sources, '../dist/console/index.html');

async function changedAt(file: string): Promise<number> {
  return (await stat(file)).mtimeMs;
}

const builtAt = await changedAt(built).catch(() => 0);
const entries = await readdir(sources, { recursive: true });
const changes = await Promise.all([lock, ...entries.map((entry) => path.join(sources, entry))].map(changedAt));
if (Math.max(...changes) > builtAt) {
  await build({ configFile: path.join(sources, 'vite.config.ts'), logLevel: 'warn' });
}
