/*
 * The last step of a restore: `npm run restore:finish`, with DATABASE_URL naming the restored database and no server
 * running on it. What was given out before the backup was restored must not be taken for something of after it.
 */
import { BadSettingError, readSettings } from './config/settings.js';
import { ConfigStore } from './store/config.store.js';
import { migrate, openDataSource } from './store/data-source.js';
import { StoreUnavailableError } from './store/store-unavailable.error.js';

try {
  const { DATABASE_URL } = readSettings(process.env).values;
  if (DATABASE_URL === undefined) throw new BadSettingError('Set DATABASE_URL to the database that was restored.');
  const dataSource = await openDataSource(DATABASE_URL, { applicationName: 'signalbox restore' });
  try {
    await migrate(dataSource);
    const incarnation = await new ConfigStore(dataSource).renewIncarnation();
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
