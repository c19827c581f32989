import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { DatabaseClock } from './clock/clock.js';
import { Failpoints } from './config/failpoints.js';
import type { KeyRing } from './config/key-ring.js';
import type { Settings } from './config/settings.js';
import type { Dispatcher } from './delivery/dispatcher.js';
import { openDispatcher } from './delivery/open-dispatcher.js';
import { ThreadRouter } from './routing/thread-router.js';
import { CommittedRows } from './store/committed-rows.js';
import { ConfigStore } from './store/config.store.js';
import { ConfigurationCache } from './store/configuration.cache.js';
import { isPooled, migrate, openDataSource, openPool } from './store/data-source.js';
import { EndedAttempts } from './store/ended-attempts.js';
import { LaneStore } from './store/lane.store.js';
import { LogStore } from './store/log.store.js';
import { Peers } from './store/peers.js';
import { QuarantineStore } from './store/quarantine.store.js';
import { sealPlainSecrets } from './store/sealed-columns.js';
import { Vault } from './store/vault.js';
import type { Vitals } from './telemetry/vitals.js';
import { RetentionStore } from './store/retention.store.js';
import { Retention } from './timers/retention.js';
import { Timers, type ReportFailure } from './timers/timers.js';

/** How often the clock is set by the database's, in milliseconds. */
const clockSynchronisationMs = 30_000;

/** Everything between the store and the interfaces, wired together. */
export interface Core {
  readonly settings: Settings;
  readonly failpoints: Failpoints;
  readonly clock: DatabaseClock;
  /** For configuration and the APIs' reads. */
  readonly dataSource: DataSource;
  /** For routing and delivery alone, so that slow reads cannot starve them. */
  readonly hotPool: pg.Pool;
  readonly readPool: pg.Pool;
  readonly configStore: ConfigStore;
  readonly configuration: ConfigurationCache;
  readonly lanes: LaneStore;
  readonly log: LogStore;
  readonly quarantine: QuarantineStore;
  readonly committedRows: CommittedRows;
  readonly endedAttempts: EndedAttempts;
  readonly router: ThreadRouter;
  readonly timers: Timers;
  readonly dispatcher: Dispatcher;
  readonly retention: Retention;
  readonly vitals: Vitals;
  /** Answers what is under way, then lets go of the database. */
  close(): Promise<void>;
}

/** Opens the database, brings it up to date and loads the configuration. */
export async function openCore(
  settings: Settings,
  databaseUrl: string,
  keyRing: KeyRing,
  reportFailure: ReportFailure,
): Promise<Core> {
  const dataSource = await openDataSource(databaseUrl);
  await migrate(dataSource);
  const vault = new Vault(keyRing);
  await sealPlainSecrets(dataSource, vault);
  const hotPool = openPool(databaseUrl, {
    poolSize: settings.values.DATABASE_POOL,
    applicationName: 'signalbox router',
  });
  const readPool = openPool(databaseUrl, { applicationName: 'signalbox reads' });
  const prepared = settings.values.DATABASE_PREPARED ?? !(await isPooled(hotPool));

  const failpoints = new Failpoints(settings.values.FAILPOINTS);
  const clock = new DatabaseClock();
  const lanes = new LaneStore(hotPool, { prepared });
  const log = new LogStore(readPool, { prepared });
  const quarantine = new QuarantineStore(hotPool);
  const committedRows = new CommittedRows();
  const endedAttempts = new EndedAttempts();
  const configStore = new ConfigStore(dataSource, vault);
  const configuration = new ConfigurationCache(configStore, clock);
  const router = new ThreadRouter(lanes, configuration, quarantine, committedRows, clock, failpoints, settings);
  const timers = new Timers(lanes, router, configuration, clock, failpoints, reportFailure);
  const retention = new Retention(new RetentionStore(hotPool), clock, settings, reportFailure);
  const dispatcher = openDispatcher({
    settings,
    hotPool,
    configuration,
    committedRows,
    endedAttempts,
    clock,
    failpoints,
    holdGoneApp: (appId, callbackUrl, at) => configStore.pauseGoneApp(appId, callbackUrl, at),
  });

  let synchronisedAtMs = clock.monotonicMs();
  const synchronise = async () => {
    const before = clock.monotonicMs();
    const databaseNow = await lanes.databaseNow();
    clock.synchronise(databaseNow, (before + clock.monotonicMs()) / 2);
    synchronisedAtMs = before;
  };
  await synchronise();
  const peers = new Peers(dataSource, reportFailure);
  configuration.subscribe(({ epoch }) => peers.knows(epoch));
  configStore.afterChange(() => peers.caughtUp());
  await peers.join();
  await configuration.start();
  const synchronising = setInterval(() => {
    synchronise().catch((error: unknown) => reportFailure(error, 'asking the database for the time'));
  }, clockSynchronisationMs).unref();

  const pools = Object.entries({ router: hotPool, reads: readPool });
  const vitals: Vitals = {
    lanesHeld: () => dispatcher.laneCount,
    apps: () => dispatcher.statuses().map(({ appId, alarm, queued }) => ({ appId, failing: alarm !== 'none', queued })),
    pools: () =>
      pools.map(([name, { totalCount, idleCount, waitingCount }]) => ({
        name,
        total: totalCount,
        idle: idleCount,
        waiting: waitingCount,
      })),
    clockAgeMs: () => clock.monotonicMs() - synchronisedAtMs,
    dispatchingForMs: () => {
      const { startedAtMs } = dispatcher;
      return startedAtMs === null ? null : clock.monotonicMs() - startedAtMs;
    },
  };
  return {
    settings,
    failpoints,
    clock,
    dataSource,
    hotPool,
    readPool,
    configStore,
    configuration,
    lanes,
    log,
    quarantine,
    committedRows,
    endedAttempts,
    router,
    timers,
    dispatcher,
    retention,
    vitals,
    async close() {
      clearInterval(synchronising);
      configuration.stop();
      await peers.leave();
      await router.idle();
      await hotPool.end();
      await readPool.end();
      await dataSource.destroy();
    },
  };
}
