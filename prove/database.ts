import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../src/store/embedded-postgres.js';
import { findPostmaster } from '../src/store/postmaster.js';
import { FaultProxy } from './fault-proxy.js';

/** A durable PostgreSQL of its own, which can be crashed. Instances reach it through a fault proxy each. */
export class Database {
  readonly #proxies: FaultProxy[] = [];
  #pool: pg.Pool | null = null;
  crashes = 0;
  #closed = false;

  private constructor(
    readonly folder: string,
    private url: string,
  ) {}

  static async start(): Promise<Database> {
    // Made by whoever makes the cluster, so that the user it runs as may enter it.
    const folder = path.join(tmpdir(), `signalbox-prove-${randomBytes(4).toString('hex')}`);
    const { url } = await startEmbeddedPostgres({ dataDir: folder });
    const database = new Database(folder, url);
    process.once('exit', () => database.#abandon());
    return database;
  }

  /** A connection of the judge's own, past every proxy. */
  get pool(): pg.Pool {
    if (this.#pool === null) {
      this.#pool = new pg.Pool({ connectionString: this.url, max: 4 });
      this.#pool.on('error', () => undefined);
    }
    return this.#pool;
  }

  /** A way to the database that can be disturbed. */
  async openProxy(): Promise<{ proxy: FaultProxy; url: string }> {
    const { host, port, database } = new pg.Client({ connectionString: this.url });
    const proxy = await FaultProxy.listen({ path: path.join(host, `.s.PGSQL.${port}`) });
    this.#proxies.push(proxy);
    return { proxy, url: `postgres://postgres@127.0.0.1:${proxy.port}/${database ?? ''}?sslmode=disable` };
  }

  /** Ends the server as a power failure of the machine would, the way `pg_ctl stop -m immediate` does: by SIGQUIT. */
  async crash(): Promise<void> {
    this.crashes += 1;
    const cluster = path.join(this.folder, 'postgres');
    const postmaster = await findPostmaster(cluster);
    if (postmaster === null) throw new Error('the database is not running');
    process.kill(postmaster.pid, 'SIGQUIT');
    while ((await findPostmaster(cluster))?.pid === postmaster.pid) await delay(20);
  }

  /** Starts it again: it recovers from its write-ahead log. */
  async recover(): Promise<void> {
    await startEmbeddedPostgres({ dataDir: this.folder });
  }

  /** The last thing a process does that is ended from outside. */
  #abandon(): void {
    if (this.#closed) return;
    try {
      process.kill(
        Number(readFileSync(path.join(this.folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]),
        'SIGQUIT',
      );
    } catch {
      // It does not run.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.#pool?.end();
    await stopEmbeddedPostgres(this.folder);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
