import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import os from 'node:os';
import pg from 'pg';

/** What figures depend on: printed above them. */
export async function describeEnvironment(serverUrl: string, dataDir: string): Promise<string[]> {
  const options = process.argv.slice(2);
  const [cpu] = os.cpus();
  const cores = os.availableParallelism();
  const gibibytes = (os.totalmem() / 2 ** 30).toFixed(0);
  return [
    `Date        ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `Commit      ${commit()}`,
    `Command     ${['npm run bench', ...(options.length === 0 ? [] : ['--', ...options])].join(' ')}`,
    `Machine     ${cores} cores of ${cpu?.model.trim() ?? 'an unknown processor'}, ${gibibytes} GiB, ${os.type()} ${os.release()}`,
    `Node        ${process.versions.node}`,
    `PostgreSQL  ${await describePostgres(serverUrl)}`,
    `Data        ${dataDir} (${fileSystemOf(dataDir)})`,
  ];
}

const shownSettings = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers'];

async function describePostgres(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; settings: string }>(
      `select current_setting('server_version') as version,
              string_agg(name || '=' || current_setting(name), ', ' order by array_position($1, name)) as settings
         from unnest($1::text[]) name`,
      [shownSettings],
    );
    return rows.map(({ version, settings }) => `${version}, ${settings}`).join();
  } finally {
    await client.end();
  }
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ', with local changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** Magic number of a file system in memory, on which "written to disk" means nothing. */
const tmpfs = 0x01021994;

function fileSystemOf(folder: string): string {
  return statfsSync(folder).type === tmpfs ? 'IN MEMORY: nothing is durable here' : 'on disk';
}
