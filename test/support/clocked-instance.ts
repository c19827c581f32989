import { Failpoints } from '../../src/config/failpoints.js';
import { readSettings } from '../../src/config/settings.js';
import { ThreadRouter } from '../../src/routing/thread-router.js';
import { CommittedRows } from '../../src/store/committed-rows.js';
import { ConfigStore } from '../../src/store/config.store.js';
import { ConfigurationCache } from '../../src/store/configuration.cache.js';
import { isPooled, openDataSource, openPool } from '../../src/store/data-source.js';
import { LaneStore } from '../../src/store/lane.store.js';
import { LogStore } from '../../src/store/log.store.js';
import { QuarantineStore } from '../../src/store/quarantine.store.js';
import { Timers } from '../../src/timers/timers.js';
import type { FakeClock } from './fake-clock.js';
import { testVault } from './vault.js';

/** Router, timers and store of one instance, all of whose time is the test's. */
export interface ClockedInstance {
  readonly configStore: ConfigStore;
  readonly configuration: ConfigurationCache;
  readonly router: ThreadRouter;
  readonly timers: Timers;
  readonly log: LogStore;
  close(): Promise<void>;
}

export async function openClockedInstance(databaseUrl: string, clock: FakeClock): Promise<ClockedInstance> {
  const settings = readSettings({ LOG_LEVEL: 'silent' });
  const dataSource = await openDataSource(databaseUrl);
  const pool = openPool(databaseUrl);
  const failpoints = new Failpoints('');
  const lanes = new LaneStore(pool, { prepared: !(await isPooled(pool)) });
  const configStore = new ConfigStore(dataSource, testVault);
  const configuration = new ConfigurationCache(configStore, clock);
  const quarantine = new QuarantineStore(pool);
  const router = new ThreadRouter(lanes, configuration, quarantine, new CommittedRows(), clock, failpoints, settings);
  const timers = new Timers(lanes, router, configuration, clock, failpoints, (error) => {
    throw error;
  });
  await configuration.refresh();
  return {
    configStore,
    configuration,
    router,
    timers,
    log: new LogStore(pool),
    async close() {
      await router.idle();
      await pool.end();
      await dataSource.destroy();
    },
  };
}
