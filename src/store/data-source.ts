import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, MigrationExecutor, type EntityManager, type MigrationInterface } from 'typeorm';
import { CreateTables1790000000000 } from '../../migrations/1790000000000-create-tables.js';
import { GraphObjects1790000100001 } from '../../migrations/1790000100001-graph-objects.js';
import { Gateway1790000100003 } from '../../migrations/1790000100003-gateway.js';
import { CompactLog1790100000001 } from '../../migrations/1790100000001-compact-log.js';
import { InstagramSubscription1790200000001 } from '../../migrations/1790200000001-instagram-subscription.js';
import { Access1790300000001 } from '../../migrations/1790300000001-access.js';
import { Audit1790300000002 } from '../../migrations/1790300000002-audit.js';
import { SealedSecrets1790300000003 } from '../../migrations/1790300000003-sealed-secrets.js';
import { Live1790400000001 } from '../../migrations/1790400000001-live.js';
import { StalledSkippedThrough1790500000001 } from '../../migrations/1790500000001-stalled-skipped-through.js';
import { Operation1790600000001 } from '../../migrations/1790600000001-operation.js';
import { InspectorTicket1790800000001 } from '../../migrations/1790800000001-inspector-ticket.js';
import { InstagramCallback1790900030001 } from '../../migrations/1790900030001-instagram-callback.js';
import { SecretRotation1790900050001 } from '../../migrations/1790900050001-secret-rotation.js';
import { Instance1790900070001 } from '../../migrations/1790900070001-instance.js';
import { AccessTokenEntity } from './access-token.entity.js';
import { AppEntity } from './app.entity.js';
import { ConnectionEntity } from './connection.entity.js';
import { faultOf } from './database-errors.js';
import { PageEntity } from './page.entity.js';
import { RouteEntity } from './route.entity.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

/** Listed by hand, so that what runs against a database is what the compiler saw. In the order of their timestamps. */
const migrations: (new () => MigrationInterface)[] = [
  CreateTables1790000000000,
  GraphObjects1790000100001,
  Gateway1790000100003,
  CompactLog1790100000001,
  InstagramSubscription1790200000001,
  Access1790300000001,
  Audit1790300000002,
  SealedSecrets1790300000003,
  Live1790400000001,
  StalledSkippedThrough1790500000001,
  Operation1790600000001,
  InspectorTicket1790800000001,
  InstagramCallback1790900030001,
  SecretRotation1790900050001,
  Instance1790900070001,
];
const entities: (new () => object)[] = [PageEntity, AppEntity, ConnectionEntity, AccessTokenEntity, RouteEntity];

const MIGRATIONS_TABLE = 'migration';
/** Any number, the same for good: who migrates a database of ours holds this lock in it. */
const MIGRATION_LOCK = 7_420_026;
/** How long an instance waits for another that migrates, and tries to get the locks it needs. */
const MIGRATION_PATIENCE_MS = 300_000;
/** How long a migration waits for a table: everything else that wants the table waits behind it meanwhile. */
const TABLE_LOCK_TIMEOUT_MS = 1_000;
const MIGRATION_RETRY_MS = 1_000;

const SERVER_VERSION_MIN = 15;
const POOL_SIZE = 10;
const CONNECTION_TIMEOUT_MS = 5_000;
/** A statement that takes longer is a bug or a lock that nobody will release. */
const STATEMENT_TIMEOUT_MS = 8_000;
/** Our own clock, for a server that has fallen silent and cannot end the statement itself. */
const QUERY_TIMEOUT_MS = 10_000;
/** We never wait for anything but the database inside a transaction. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
const IDLE_CONNECTION_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_DELAY_MS = 10_000;

export interface StoreConnectionOptions {
  /** Connections held at most. */
  poolSize?: number;
  /** What the server's `pg_stat_activity` calls us. */
  applicationName?: string;
}

/**
 * A pool for the statements of the hot path: TypeORM's `query()` knows no named prepared statements. Connects when it is
 * first used; errors of a query reach its caller.
 */
export function openPool(url: string, options: StoreConnectionOptions = {}): pg.Pool {
  return new SafePool({ connectionString: url, ...connectionSettings(options) });
}

/**
 * Whether a pooler such as PgBouncer stands between us and the server: one that gives each transaction another session
 * has to hide which process serves it. There a named statement would be prepared in one session and missed in the next.
 */
export async function isPooled(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const told: unknown = Reflect.get(client, 'processID');
    return rows[0]?.pid !== told;
  } finally {
    client.release();
  }
}

/** Connects at once. Throws `StoreUnavailableError` if there is no usable database behind the address. */
export async function openDataSource(url: string, options: StoreConnectionOptions = {}): Promise<DataSource> {
  return connect(url, connectionSettings(options));
}

/** Brings the database up to date: all pending migrations in one transaction, or none. */
export async function migrate(dataSource: DataSource): Promise<void> {
  await migrationTransaction(dataSource, async ({ connection, queryRunner }) => {
    const executor = new MigrationExecutor(connection, queryRunner);
    executor.transaction = 'all';
    await executor.executePendingMigrations();
  });
}

/**
 * Does `work` in one transaction in which nobody else migrates. Instances that start at the same time wait for each other
 * with a lock that ends with the transaction; one of the session would be lost or shared behind PgBouncer. Instances of
 * the version before go on serving: a table that is in use is tried again a moment later.
 */
export async function migrationTransaction(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  // A connection of its own, because filling a large table may take longer than any other statement is allowed to.
  const patient = await connect(connectionStringOf(dataSource), {
    ...connectionSettings({ poolSize: 1, applicationName: 'signalbox migration' }),
    statement_timeout: 0,
    query_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  });
  const givingUpAt = performance.now() + MIGRATION_PATIENCE_MS;
  try {
    for (;;) {
      try {
        return await runOnce(patient, work);
      } catch (error) {
        if (faultOf(error) !== 'retry' || performance.now() > givingUpAt) throw error;
        await delay(MIGRATION_RETRY_MS);
      }
    }
  } finally {
    await patient.destroy();
  }
}

async function runOnce(dataSource: DataSource, work: (manager: EntityManager) => Promise<void>): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(`select set_config('lock_timeout', $1, true)`, [String(MIGRATION_PATIENCE_MS)]);
    await runner.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    // From here on each lock is one that instances of the version before may hold, and wait behind.
    await runner.query(`select set_config('lock_timeout', $1, true)`, [String(TABLE_LOCK_TIMEOUT_MS)]);
    await work(runner.manager);
    await runner.commitTransaction();
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}

/** Names of migrations that this version needs and the database has not had. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const rows: { name: string }[] = await dataSource.query(`select name from ${MIGRATIONS_TABLE}`);
  const done = new Set(rows.map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !done.has(name));
}

/**
 * An idle connection that dies is reported by an `error` event, and one without a listener ends the process. There is
 * nothing to do: the pool has dropped the connection, and a query that was under way on it fails for its caller.
 */
class SafePool extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super(config);
    this.on('error', () => undefined);
    this.on('connect', (client) => client.on('error', () => undefined));
  }
}

function connectionSettings({ poolSize = POOL_SIZE, applicationName = 'signalbox' }: StoreConnectionOptions) {
  return {
    max: poolSize,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  } satisfies pg.PoolConfig;
}

async function connect(url: string, settings: pg.PoolConfig): Promise<DataSource> {
  requireConnectionString(url);
  const dataSource = new DataSource({
    type: 'postgres',
    // TypeORM reads addresses itself and knows no Unix sockets; `extra` goes to `pg` as it is.
    extra: { connectionString: url, ...settings },
    driver: { ...pg, Pool: SafePool },
    poolErrorHandler: () => undefined,
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: MIGRATIONS_TABLE,
    migrations,
    entities,
    logging: false,
  });
  try {
    await dataSource.initialize();
    await requireVersion(dataSource);
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
    if (error instanceof StoreUnavailableError) throw error;
    throw new StoreUnavailableError(`the database at ${placeOf(url)} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** `pg` takes any text for an address and then looks for a host called "base". */
function requireConnectionString(url: string): void {
  try {
    if (/^postgres(ql)?:\/\//.test(url) && new pg.Client({ connectionString: url }).host) return;
  } catch {
    // The reason would repeat the address with its password.
  }
  throw new StoreUnavailableError(
    'the address of the database is not a connection string such as postgresql://user:password@host:5432/database',
  );
}

async function requireVersion(dataSource: DataSource): Promise<void> {
  const [row]: { version: string }[] = await dataSource.query(`select current_setting('server_version') as version`);
  const version = row?.version ?? 'unknown';
  if (Number.parseInt(version, 10) >= SERVER_VERSION_MIN) return;
  throw new StoreUnavailableError(
    `the database is PostgreSQL ${version}, and PostgreSQL ${SERVER_VERSION_MIN} or newer is needed`,
  );
}

function connectionStringOf(dataSource: DataSource): string {
  const { extra } = dataSource.options as { extra?: { connectionString?: unknown } };
  if (typeof extra?.connectionString !== 'string') throw new Error('the data source was not opened by openDataSource');
  return extra.connectionString;
}

/** Host, port and database of an address, without user and password. */
function placeOf(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return host.startsWith('/') ? `${host} (${database ?? ''})` : `${host}:${port}/${database ?? ''}`;
}

function reasonOf(error: unknown): string {
  const { message = String(error), errors } = error as Partial<AggregateError>;
  // A name with several addresses, such as localhost, fails with one error for each and no message.
  if (message === '' && errors?.length) return reasonOf(errors[0]);
  if (/unsupported startup parameter/i.test(message)) {
    return `${message} (PgBouncer needs ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout)`;
  }
  return message;
}
