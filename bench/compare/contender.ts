import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.js';
import { portOf, type ProcessUnderTest } from '../process-under-test.js';

/** What one would use instead, each a program of its own in this folder. */
export const contenders = [
  { name: 'actor-per-event', title: 'a transaction an event, TypeORM, a live actor' },
  { name: 'job-per-event', title: 'graphile-worker, a job an event' },
  { name: 'outbox', title: 'an outbox table with row locks' },
] as const;
export type Contender = (typeof contenders)[number];

export interface ContenderOptions {
  readonly dataDir: string;
  readonly logFile: string;
  readonly callbacks: readonly string[];
  readonly eventsPerPostOut: number;
}

/** Starts a contender on the same PostgreSQL, with the same apps. */
export async function startContender({ name }: Contender, options: ContenderOptions): Promise<ProcessUnderTest> {
  const { url } = await startEmbeddedPostgres({ dataDir: options.dataDir });
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./${name}.js`, import.meta.url))], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      CALLBACKS: options.callbacks.join(','),
      EVENTS_PER_POST_OUT: String(options.eventsPerPostOut),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill());
  child.stderr.pipe(createWriteStream(options.logFile, { flags: 'a' }));
  return {
    pid: child.pid ?? 0,
    port: await portOf(child),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    },
  };
}
