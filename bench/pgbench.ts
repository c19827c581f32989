import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

const database = 'pgbench';
const scale = 50;

/** PostgreSQL's own benchmark: what one small transaction a request makes on the same server. */
export class Pgbench {
  private constructor(private readonly program: string) {}

  /** Debian keeps it out of PATH. Null if it is not installed. */
  static async find(): Promise<Pgbench | null> {
    const folders = [
      ...(process.env['PATH'] ?? '').split(path.delimiter),
      ...['18', '17', '16', '15', '14'].map((version) => `/usr/lib/postgresql/${version}/bin`),
    ];
    for (const folder of folders) {
      const program = path.join(folder, 'pgbench');
      try {
        await access(program, constants.X_OK);
        return new Pgbench(program);
      } catch {
        // not there
      }
    }
    return null;
  }

  async version(): Promise<string> {
    return (await run(this.program, ['--version'])).stdout.trim();
  }

  /** Makes a database of its own beside ours. */
  async initialise(serverUrl: string): Promise<void> {
    const client = new pg.Client({ connectionString: serverUrl });
    await client.connect();
    try {
      await client.query(`create database ${database}`);
    } finally {
      await client.end();
    }
    await run(this.program, ['-i', '-q', '-s', String(scale), urlOf(serverUrl)]);
  }

  /** Transactions a second: an update, a select and an insert each. */
  async measure(serverUrl: string, seconds: number): Promise<number> {
    const { stdout } = await run(this.program, [
      ...['-N', '-M', 'prepared', '-c', '16', '-j', '2', '-T', String(seconds)],
      urlOf(serverUrl),
    ]);
    const tps = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench says: ${stdout}`);
    return Number(tps);
  }
}

function urlOf(serverUrl: string): string {
  return serverUrl.replace(/\/\w+(?=\?)/, `/${database}`);
}
