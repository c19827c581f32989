import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Balancer, type Call } from './balancer.js';
import {
  ad,
  adminToken,
  appRoles,
  fields,
  marketing,
  metaAppSecret,
  pageRoles,
  verifyToken,
  type PageRole,
} from './cast.js';
import { Database } from './database.js';
import { FakeApp } from './fake-app.js';
import { FaultsFound } from './faults-found.js';
import { Instance } from './instance.js';
import { Random } from './random.js';

export interface WorldOptions {
  readonly seed: number;
  readonly instances: number;
  /** The last instance runs on a machine whose clock is off by so much, in milliseconds. */
  readonly clockOffsetMs: number;
  /** Whether every attempt is kept, to tell what happened to a delivery that is missing. */
  readonly keepAttempts: boolean;
  /** Events in one POST to any app, instead of each app's own. */
  readonly batchSizeMax?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly onNewDelivery?: (app: FakeApp, item: Readonly<Record<string, unknown>>) => void;
}

/** How long a setting-up call is repeated, in milliseconds. */
const patienceMs = 60_000;

/** A database, server processes, apps, and a balancer in front: what everything else happens to. */
export class World {
  readonly faults = new FaultsFound();
  readonly random: Random;
  readonly apps: readonly FakeApp[];
  /** Page access tokens, by page and app. */
  readonly tokens = new Map<string, string>();
  instances: Instance[] = [];
  balancer: Balancer;
  /** Deaths at a failpoint. */
  deathsAtFailpoints = 0;
  #restarts = new Set<Promise<void>>();
  #closed = false;

  private constructor(
    readonly options: WorldOptions,
    readonly database: Database,
    private readonly folder: string,
  ) {
    this.random = new Random(options.seed);
    this.apps = appRoles.map((role) => {
      const pages = pageRoles.filter((page) => page.apps.includes(role));
      const businesses = new Set(pages.flatMap((page) => [page.id, page.instagramId]));
      return new FakeApp(role, options.seed, this.faults, businesses, options.onNewDelivery);
    });
    this.balancer = new Balancer([], this.random);
  }

  static async open(options: WorldOptions): Promise<World> {
    const folder = await mkdtemp(path.join(tmpdir(), 'signalbox-prove-logs-'));
    const world = new World(options, await Database.start(), folder);
    for (const app of world.apps) await app.listen();
    for (let index = 1; index <= options.instances; index++) {
      world.instances.push(await world.#newInstance(index, index === options.instances ? options.clockOffsetMs : 0));
    }
    world.balancer = new Balancer(world.instances, world.random.fork('balancer'));
    // The first one migrates; the others would only wait for it.
    for (const instance of world.instances) await instance.start();
    await world.#configure();
    return world;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#restarts]);
    await Promise.all(this.instances.map((instance) => instance.end('SIGKILL')));
    await Promise.all(this.apps.map((app) => app.close()));
    await this.balancer.close();
    await this.database.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Files with everything the instances have printed. */
  get logFiles(): string[] {
    return this.instances.map(({ name }) => this.#logFile(name));
  }

  app(id: string): FakeApp {
    const found = this.apps.find(({ role }) => role.id === id);
    if (found === undefined) throw new Error(`there is no app ${id}`);
    return found;
  }

  /** Calls the admin API until it answers, whatever happens to the instances meanwhile. */
  async admin(method: Call['method'], pathname: string, body?: object): Promise<Record<string, unknown>> {
    for (const givingUpAt = performance.now() + patienceMs; ;) {
      const reply = await this.balancer.send({
        method,
        path: `/api/v1/${pathname}`,
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        timeoutMs: 20_000,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (reply !== null && reply !== 'no_answer' && reply.status < 300) {
        return reply.text === '' ? {} : (JSON.parse(reply.text) as Record<string, unknown>);
      }
      const answered = reply !== null && reply !== 'no_answer' ? `${reply.status} ${reply.text}` : 'nothing';
      if (performance.now() > givingUpAt) throw new Error(`${method} ${pathname} was answered ${answered}`);
      if (reply !== null && reply !== 'no_answer' && reply.status < 500) return {};
      await delay(200);
    }
  }

  /** Moves virtual time ahead; answers how far ahead it is then. */
  async advance(duration: string): Promise<number> {
    const { now } = await this.admin('POST', 'simulator/clock', { advance: duration });
    return typeof now === 'string' ? Date.parse(now) - Date.now() : 0;
  }

  /** Resolves when every restart after a death is over. */
  async settled(): Promise<void> {
    while (this.#restarts.size > 0) await Promise.all([...this.#restarts]);
  }

  #logFile(name: string): string {
    return path.join(this.folder, `${name}.log`);
  }

  async #newInstance(index: number, clockOffsetMs: number): Promise<Instance> {
    const { proxy, url } = await this.database.openProxy();
    const name = `instance-${index}`;
    const instance: Instance = new Instance({
      name,
      proxy,
      clockOffsetMs,
      logFile: this.#logFile(name),
      env: {
        DATABASE_URL: url,
        DATABASE_POOL: '6',
        DATA_DIR: this.folder,
        ADMIN_TOKEN: adminToken,
        META_APP_SECRET: metaAppSecret,
        LOG_LEVEL: 'warn',
        DEMO: 'false',
        DELIVERY_TIMEOUT_MS: '1000',
        // Dead letters are for other tests; here virtual time leaps, and nothing may be given up.
        DELIVERY_HORIZON_HOURS: '720',
        DELIVERY_ATTEMPTS: this.options.keepAttempts ? 'all' : 'failures',
        ...this.options.env,
      },
      onUnexpectedEnd: (what) => this.faults.add('I12', what),
      onDeath: () => {
        this.deathsAtFailpoints += 1;
        if (this.#closed) return;
        const restart = instance.start().finally(() => this.#restarts.delete(restart));
        this.#restarts.add(restart);
      },
    });
    return instance;
  }

  async #configure(): Promise<void> {
    for (const { role, url, secret } of this.apps) {
      await this.admin('PUT', `apps/${role.id}`, {
        name: role.name,
        callback_url: url,
        verify_token: verifyToken,
        app_secret: secret,
        batch_size_max: this.options.batchSizeMax ?? role.batchSizeMax,
      });
    }
    for (const page of pageRoles) await this.#configurePage(page);
  }

  async #configurePage({ id, instagramId, apps, defaultApp }: PageRole): Promise<void> {
    await this.admin('PUT', `pages/${id}`, { name: id, instagram: { id: instagramId } });
    for (const app of apps) {
      const connection = await this.admin('PUT', `pages/${id}/apps/${app.id}`, {
        subscribed_fields: fields,
        standby: { messenger: true, instagram: true },
        can_take_control: app.canTakeControl,
      });
      this.tokens.set(`${id} ${app.id}`, String(connection['page_access_token']));
    }
    const routing = { default_app_id: defaultApp?.id ?? null };
    await this.admin('PUT', `pages/${id}`, { name: id, ...routing, instagram: { id: instagramId, ...routing } });
    await this.admin('PUT', `pages/${id}/routes/ads/${ad.id}`, {
      receiving_app_id: marketing.id,
      ref: ad.ref,
      title: ad.title,
    });
  }
}
