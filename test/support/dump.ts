import { runShell } from './run.js';
import pg from 'pg';

/** Everything in a database as `pg_dump` writes it; null where this machine's `pg_dump` is older than the server. */
export async function dumpOf(url: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  const { stdout } = await runShell('pg_dump --version');
  const version = Number(/ (\d+)\./.exec(stdout)?.[1] ?? 0);
  if (version < Number.parseInt(rows[0]?.server_version ?? '', 10)) return null;
  const { code, stdout: dump, stderr } = await runShell(`pg_dump '${url}'`);
  if (code !== 0) throw new Error(stderr);
  return dump;
}

/** The tables that have a row with one of these texts in it. */
export async function tablesWith(url: string, texts: readonly string[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind = 'r'`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rowCount } = await client.query(
        `select from ${name} t where exists (select from unnest($1::text[]) x where strpos(t::text, x) > 0) limit 1`,
        [texts],
      );
      if (rowCount !== 0) found.push(name.replace(/^log_\d+$/, 'log'));
    }
    return [...new Set(found)].sort();
  } finally {
    await client.end();
  }
}
