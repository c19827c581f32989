/*
 * The last step of a restore: `npm run restore:finish`, with DATABASE_URL naming the restored database and no server
 * running on it. What was given out before the backup was restored must not be taken for something of after it.
 */
import { readKeyRing } from './config/key-ring.js';
import { BadSettingError, readSettings } from './config/settings.js';
import { ConfigStore } from './store/config.store.js';
import { migrate, openDataSource } from './store/data-source.js';
import { defaultDataDir } from './store/embedded-postgres.js';
import { sealPlainSecrets } from './store/sealed-columns.js';
import { StoreUnavailableError } from './store/store-unavailable.error.js';
import { Vault } from './store/vault.js';

try {
  const { values } = readSettings(process.env);
  const { DATABASE_URL, KEYRING } = values;
  if (DATABASE_URL === undefined) throw new BadSettingError('Set DATABASE_URL to the database that was restored.');
  const dataSource = await openDataSource(DATABASE_URL, { applicationName: 'signalbox restore' });
  try {
    await migrate(dataSource);
    const vault = new Vault(await readKeyRing(KEYRING, defaultDataDir(values)));
    await sealPlainSecrets(dataSource, vault);
    const store = new ConfigStore(dataSource, vault);
    // A backup is worth nothing without its keys: better to hear of it now.
    await store.read();
    const incarnation = await store.renewIncarnation();
    process.stdout.write(
      `The store is incarnation ${incarnation} now. Cursors and delivery ids of before are answered 410.\n` +
        'Erase again whoever was erased after the backup was made, then start the servers.\n',
    );
  } finally {
    await dataSource.destroy();
  }
} catch (error) {
  if (!(error instanceof BadSettingError) && !(error instanceof StoreUnavailableError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
