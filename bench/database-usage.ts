import pg from 'pg';

/** What the database behind `url` has done since it was made; the write-ahead log is the whole server's. */
export async function databaseUsage(url: string): Promise<{ transactions: number; walBytes: number }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ transactions: string; bytes: string }>(
      `select xact_commit + xact_rollback as transactions, pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes
         from pg_stat_database where datname = current_database()`,
    );
    const [row] = rows;
    return { transactions: Number(row?.transactions), walBytes: Number(row?.bytes) };
  } finally {
    await client.end();
  }
}
