import { readKeyRing } from './config/key-ring.js';
import { BadSettingError, readSettings } from './config/settings.js';
import { migrate, openDataSource } from './store/data-source.js';
import { defaultDataDir, startEmbeddedPostgres } from './store/embedded-postgres.js';
import { resealSecrets, sealPlainSecrets } from './store/sealed-columns.js';
import { StoreUnavailableError } from './store/store-unavailable.error.js';
import { Vault } from './store/vault.js';

/*
 * `npm run reseal-secrets`: seals every secret in the database with the first key of the ring, while servers run. After
 * it the other keys can be taken out of the ring, once no server is left that seals with one of them.
 */
try {
  const { values } = readSettings(process.env);
  const dataDir = defaultDataDir(values);
  const keyRing = await readKeyRing(values.KEYRING, dataDir);
  const embedded = values.DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir }) : null;
  const dataSource = await openDataSource(values.DATABASE_URL ?? embedded?.url ?? '', { poolSize: 2 });
  try {
    await migrate(dataSource);
    const vault = new Vault(keyRing);
    await sealPlainSecrets(dataSource, vault);
    const resealed = await resealSecrets(dataSource, vault, ({ table, column, done, total }) => {
      process.stdout.write(`${table}.${column}: ${done} of ${total}\n`);
    });
    process.stdout.write(`Sealed ${resealed} anew. Every secret is sealed with the key "${keyRing.first.id}" now.\n`);
  } finally {
    await dataSource.destroy();
    await embedded?.stop();
  }
} catch (error) {
  if (!(error instanceof BadSettingError || error instanceof StoreUnavailableError)) throw error;
  process.stderr.write(`${error.message.replace(/\.?$/, '.')}\n`);
  process.exitCode = 1;
}
