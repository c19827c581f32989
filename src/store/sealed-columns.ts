import type { DataSource, EntityManager } from 'typeorm';
import { migrationTransaction } from './data-source.js';
import type { Vault } from './vault.js';

/** Every column that holds a secret, with the key of its table. */
export const sealedColumns = [
  { table: 'app', key: 'app_id', column: 'app_secret' },
  { table: 'app', key: 'app_id', column: 'previous_app_secret' },
  { table: 'app', key: 'app_id', column: 'verify_token' },
  { table: 'page', key: 'page_id', column: 'meta_access_token' },
] as const;
type SealedColumn = (typeof sealedColumns)[number];

interface StoredSecret {
  row: string;
  stored: string;
}

const rowsAtOnce = 100;

/**
 * Seals the secrets of a database that was used before there was a vault; once, and never again: from then on plain text
 * in these columns is not ours, and is refused.
 */
export async function sealPlainSecrets(dataSource: DataSource, vault: Vault): Promise<void> {
  if (await areSealed(dataSource.manager)) return;
  await migrationTransaction(dataSource, async (manager) => {
    if (await areSealed(manager)) return;
    for (const place of sealedColumns) {
      const { table, key, column } = place;
      const rows: StoredSecret[] = await manager.query(
        `select ${key} as row, ${column} as stored from ${table} where ${column} is not null and ${column} not like 'sealed:%'`,
      );
      for (const { row, stored } of rows)
        await replace(manager, place, row, stored, vault.seal({ ...place, row }, stored));
    }
    await manager.query('update configuration set secrets_sealed = true');
  });
}

/** How far a column is, while it is sealed anew. */
export interface ResealProgress {
  readonly table: string;
  readonly column: string;
  readonly done: number;
  readonly total: number;
}

/**
 * Seals with the ring's first key whatever is sealed with another one, while servers run: each secret is replaced only if
 * nobody has changed it meanwhile. May be stopped at any moment and started again.
 */
export async function resealSecrets(
  dataSource: DataSource,
  vault: Vault,
  report: (progress: ResealProgress) => void,
): Promise<number> {
  let resealed = 0;
  for (const place of sealedColumns) {
    const { table, key, column } = place;
    const [count]: { total: number }[] = await dataSource.query(
      `select count(*)::int as total from ${table} where ${column} is not null`,
    );
    const total = count?.total ?? 0;
    let done = 0;
    for (let after = ''; ;) {
      const rows: StoredSecret[] = await dataSource.query(
        `select ${key} as row, ${column} as stored from ${table}
         where ${column} is not null and ${key} > $1 order by ${key} limit $2`,
        [after, rowsAtOnce],
      );
      for (const { row, stored } of rows) {
        after = row;
        done += 1;
        if (vault.isCurrent(stored)) continue;
        const at = { ...place, row };
        if (await replace(dataSource.manager, place, row, stored, vault.seal(at, vault.open(at, stored))))
          resealed += 1;
      }
      report({ table, column, done, total });
      if (rows.length < rowsAtOnce) break;
    }
  }
  return resealed;
}

async function areSealed(manager: EntityManager): Promise<boolean> {
  const [row]: { secrets_sealed: boolean }[] = await manager.query('select secrets_sealed from configuration');
  return row?.secrets_sealed === true;
}

/** False: it is another by now, and then sealed with a key of whoever wrote it. */
async function replace(
  manager: EntityManager,
  { table, key, column }: SealedColumn,
  row: string,
  from: string,
  to: string,
): Promise<boolean> {
  const [, changed]: [unknown, number] = await manager.query(
    `update ${table} set ${column} = $3 where ${key} = $1 and ${column} = $2`,
    [row, from, to],
  );
  return changed > 0;
}
