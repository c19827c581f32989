import pg from 'pg';
import { openDataSource } from '../../src/store/data-source.js';
import { createTestDatabase } from '../support/database.js';

it('gives every caller a migrated database of its own, also all at once', async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase()));
  expect(new Set(databases.map(({ url }) => url)).size).toBe(4);
  for (const { url, drop } of databases) {
    const dataSource = await openDataSource(url, { poolSize: 1 });
    expect(await dataSource.query('select count(*)::int as lanes from lane')).toEqual([{ lanes: 256 }]);
    await dataSource.destroy();
    await drop();
    // A pooler lets everybody in, and looks for the database when there is something to do.
    const pool = new pg.Pool({ connectionString: url });
    await expect(pool.query('select')).rejects.toThrow('does not exist');
    await pool.end();
  }
}, 30_000);
