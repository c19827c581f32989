import { setTimeout as delay } from 'node:timers/promises';
import { Agents } from './agents.js';
import { ad, archive, desk, fields, marketing, shop } from './cast.js';
import { check, type Checked } from './checker.js';
import { moods, well } from './fake-app.js';
import type { Instance } from './instance.js';
import type { Random } from './random.js';
import { settle } from './settle.js';
import { percentile } from './statistics.js';
import { untilHolding, untilTakenOver } from './takeover.js';
import { Upstream } from './upstream.js';
import { World } from './world.js';

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults go on at least, in milliseconds; every act of a round is played in any case. */
  readonly lengthMs: number;
  readonly people: number;
  readonly eventsPerSecond: number;
  readonly say: (line: string) => void;
}

/** What happened, and what became of it. */
export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly acknowledged: number;
  readonly webhooks: number;
  readonly resent: number;
  readonly duplicatedOnPurpose: number;
  readonly answers: readonly (readonly [status: number, count: number])[];
  readonly kills: number;
  readonly deathsAtFailpoints: number;
  readonly databaseCrashes: number;
  readonly pauses: number;
  readonly orderlyStops: number;
  readonly networkFaults: number;
  readonly cutCommits: number;
  readonly clockLeaps: number;
  readonly configurationChanges: number;
  readonly calls: number;
  readonly takeoverMs: readonly number[];
  readonly settledMs: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly repeatedAfterLostAnswer: number;
  readonly memoryMaxBytes: number;
  readonly ingestP99Ms: number;
  readonly checked: Checked;
  readonly faults: readonly string[];
  /** Acts in the order in which they were played. */
  readonly acts: readonly string[];
}

/** The host clock of one of the three instances is wrong by this much all the time. */
const wrongClockMs = 25 * 60 * 60 * 1000;
/** Longer than any lease: a request may take a second here, and a lease lasts three more. */
const pauseMs = [4_500, 6_500] as const;
/** A commit going up, as the driver sends a prepared statement of this name. */
const commitBytes = Buffer.from('\0commit\0');

const failpoints = [
  'ingest.beforeCommit',
  'ingest.afterCommit',
  'deliver.beforePost',
  'deliver.afterPost',
  'cursor.beforeSave',
  'cursor.afterSave',
  'lease.afterClaim',
  'timers.beforeFire',
] as const;

/** Everything that can happen in one round, each as often as it is named; in an order that the seed decides. */
const round = [
  ...Array.from({ length: 10 }, () => 'kill' as const),
  ...failpoints,
  'kill all',
  'kill and stay away',
  ...Array.from({ length: 5 }, () => 'pause' as const),
  ...Array.from({ length: 2 }, () => 'crash the database' as const),
  ...Array.from({ length: 2 }, () => 'stop and start' as const),
  'latency',
  'bandwidth',
  'slices',
  'black hole',
  'reset',
  'half-open',
  ...Array.from({ length: 3 }, () => 'cut a commit' as const),
  'a day passes',
  'an hour passes',
  'hold an app',
  'change a route',
  'disconnect an app',
] as const;
type Act = (typeof round)[number];

/** Plays every kind of fault at once, under load, then lets everything settle and checks all that can be checked. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, people, eventsPerSecond } = options;
  const world = await World.open({
    seed,
    instances: 3,
    clockOffsetMs: wrongClockMs,
    keepAttempts: options.lengthMs === 0,
  });
  try {
    const upstream = new Upstream(world.balancer, world.faults, world.random.fork('upstream'), {
      writers: 24,
      people,
      batchMax: 8,
      eventsPerSecond,
      duplicates: 0.1,
    });
    const chaos = new Chaos(world, upstream, options);
    return await chaos.play();
  } finally {
    await world.close();
  }
}

class Chaos {
  readonly #random: Random;
  readonly #acts: string[] = [];
  readonly #background = new Set<Promise<void>>();
  readonly #takeoverMs: number[] = [];
  readonly #counts = { kills: 0, pauses: 0, stops: 0, network: 0, leaps: 0, changes: 0 };
  readonly #beganMs = performance.now();
  #memoryMax = 0;
  #playing = true;

  constructor(
    private readonly world: World,
    private readonly upstream: Upstream,
    private readonly options: ChaosOptions,
  ) {
    this.#random = world.random.fork('acts');
  }

  async play(): Promise<ChaosReport> {
    const { world, upstream } = this;
    const began = this.#beganMs;
    const agents = new Agents(world, upstream, 8);
    upstream.start();
    agents.start();
    const moodSwings = this.#swingMoods(world.random.fork('moods'));
    const watching = this.#watchMemory();
    for (let first = true; first || performance.now() - began < this.options.lengthMs; first = false) {
      for (const act of this.#random.shuffled(round)) {
        if (!first && performance.now() - began > this.options.lengthMs) break;
        await this.#perform(act);
        await delay(this.#random.between(50, 400));
      }
    }
    const seconds = (performance.now() - began) / 1_000;
    this.#playing = false;
    this.options.say('the last act is over');
    await Promise.all([moodSwings, watching, ...this.#background]);
    await agents.stop();
    for (const instance of world.instances) instance.proxy.set({ kind: 'clear' });
    await world.settled();
    await Promise.all(world.instances.map((instance) => instance.start()));
    await upstream.stop();
    this.options.say('everything sent is acknowledged');
    for (const app of world.apps) app.mood = well;
    // Virtual time helps where an app was told to wait, or waits for its next attempt.
    await world.advance('1h');
    const { tookMs } = await settle(world);
    this.options.say('everything is delivered');
    // What was on its way twice has arrived.
    await delay(1_500);
    const checked = await check(world, [upstream], agents.asked);
    return this.#report(seconds, tookMs, checked, agents.asked.length);
  }

  #report(seconds: number, settledMs: number, checked: Checked, calls: number): ChaosReport {
    const { world, upstream } = this;
    const sum = (of: (ledger: (typeof world.apps)[number]['ledger']) => number) =>
      world.apps.reduce((total, { ledger }) => total + of(ledger), 0);
    return {
      seed: this.options.seed,
      seconds,
      acknowledged: upstream.acknowledged,
      webhooks: upstream.webhooks,
      resent: upstream.resent,
      duplicatedOnPurpose: upstream.duplicated,
      answers: [...upstream.answers].sort(([a], [b]) => a - b),
      kills: this.#counts.kills,
      deathsAtFailpoints: world.deathsAtFailpoints,
      databaseCrashes: world.database.crashes,
      pauses: this.#counts.pauses,
      orderlyStops: this.#counts.stops,
      networkFaults: this.#counts.network,
      cutCommits: world.instances.reduce((total, { proxy }) => total + proxy.cuts, 0),
      clockLeaps: this.#counts.leaps,
      configurationChanges: this.#counts.changes,
      calls,
      takeoverMs: this.#takeoverMs,
      settledMs,
      delivered: sum(({ taken }) => taken),
      duplicates: sum(({ duplicates }) => duplicates),
      repeatedAfterLostAnswer: sum(({ repeatedAfterLostAnswer }) => repeatedAfterLostAnswer),
      memoryMaxBytes: this.#memoryMax,
      ingestP99Ms: percentile(upstream.takeLatencies(), 0.99),
      checked,
      faults: world.faults.lines(),
      acts: this.#acts,
    };
  }

  async #perform(act: Act): Promise<void> {
    const { world } = this;
    const random = this.#random;
    // Drawn whether or not they are needed, so that one act's outcome does not change the next one's choices.
    const victim = random.pick(world.instances);
    const [dice, moment] = [random.next(), random.next()];
    this.#acts.push(`${act} (${victim.name})`);
    const elapsed = ((performance.now() - this.#beganMs) / 1_000).toFixed(1);
    const states = world.instances.map(({ state }) => state.charAt(0)).join('');
    this.options.say(`${elapsed} s, ${this.upstream.acknowledged} acknowledged, ${states}: ${act} (${victim.name})`);
    switch (act) {
      case 'kill': {
        const running = this.#running(victim);
        this.#counts.kills += 1;
        await running.end('SIGKILL');
        await delay(moment * 600);
        await running.start();
        return;
      }
      case 'kill all':
        this.#counts.kills += world.instances.filter(({ state }) => state !== 'down').length;
        await Promise.all(world.instances.map((instance) => instance.end('SIGKILL')));
        await delay(500 + moment * 1_000);
        await Promise.all(world.instances.map((instance) => instance.start()));
        return;
      case 'kill and stay away': {
        const running = this.#running(victim);
        const { pid } = running;
        await untilHolding(world, pid);
        this.#counts.kills += 1;
        await running.end('SIGKILL');
        const tookMs = await untilTakenOver(world, pid);
        if (tookMs !== null) this.#takeoverMs.push(tookMs);
        await running.start();
        return;
      }
      case 'pause':
        this.#inBackground(this.#pause(this.#running(victim), pauseMs[0] + moment * (pauseMs[1] - pauseMs[0])));
        return;
      case 'stop and start': {
        const running = this.#running(victim);
        this.#counts.stops += 1;
        await running.end('SIGTERM');
        await running.start();
        return;
      }
      case 'crash the database':
        await world.database.crash();
        await delay(300 + moment * 1_500);
        await world.database.recover();
        return;
      case 'latency':
        return this.#disturb(victim, { kind: 'latency', ms: 50 + dice * 150 }, 1_500);
      case 'bandwidth':
        return this.#disturb(victim, { kind: 'bandwidth', bytesPerSecond: 100_000 }, 1_500);
      case 'slices':
        return this.#disturb(victim, { kind: 'slices', bytes: 1 + Math.floor(dice * 7) }, 1_500);
      case 'black hole':
        return this.#disturb(victim, { kind: 'black_hole' }, 3_000);
      case 'reset':
        this.#counts.network += 1;
        victim.proxy.resetAll();
        return;
      case 'half-open':
        this.#counts.network += 1;
        victim.proxy.halfOpenAll();
        return;
      case 'cut a commit':
        this.#counts.network += 1;
        victim.proxy.cutAfter(commitBytes);
        return;
      case 'a day passes':
        this.#counts.leaps += 1;
        this.upstream.clockOffsetMs = await world.advance('25h');
        return;
      case 'an hour passes':
        this.#counts.leaps += 1;
        this.upstream.clockOffsetMs = await world.advance('1h');
        return;
      case 'hold an app':
        this.#counts.changes += 2;
        await world.admin('POST', `apps/${marketing.id}/pause`, { reason: 'maintenance' });
        this.#inBackground(
          delay(1_000 + moment * 2_000).then(async () => {
            await world.admin('POST', `apps/${marketing.id}/resume`);
          }),
        );
        return;
      case 'change a route':
        this.#counts.changes += 1;
        await world.admin('PUT', `pages/${shop.id}/routes/ads/${ad.id}`, {
          receiving_app_id: dice < 0.5 ? marketing.id : desk.id,
          ref: ad.ref,
          title: ad.title,
        });
        return;
      case 'disconnect an app':
        this.#counts.changes += 2;
        await world.admin('DELETE', `pages/${shop.id}/apps/${archive.id}`);
        await delay(300);
        await world.admin('PUT', `pages/${shop.id}/apps/${archive.id}`, {
          subscribed_fields: fields,
          standby: { messenger: true, instagram: true },
        });
        return;
      default:
        await this.#dieAt(victim, act, 1 + Math.floor(dice * 40));
    }
  }

  /** Starts an instance that will die at a failpoint; it comes back by itself, without. */
  async #dieAt(victim: Instance, failpoint: string, passage: number): Promise<void> {
    const running = this.#running(victim);
    this.#counts.kills += 1;
    await running.end('SIGKILL');
    // Leases are claimed and threads released once in a while; the rest happens all the time.
    const often = failpoint.startsWith('ingest') || failpoint.startsWith('deliver');
    await running.start(`${failpoint}=${often ? passage : 1}`);
  }

  /** The victim, or another one that is not paused or down. */
  #running(victim: Instance): Instance {
    if (victim.state === 'running') return victim;
    return this.world.instances.find(({ state }) => state === 'running') ?? victim;
  }

  async #pause(instance: Instance, ms: number): Promise<void> {
    if (instance.state !== 'running') return;
    this.#counts.pauses += 1;
    const { pid } = instance;
    instance.pause();
    await delay(ms);
    if (instance.pid === pid) instance.resume();
  }

  async #disturb(instance: Instance, weather: Parameters<Instance['proxy']['set']>[0], ms: number): Promise<void> {
    this.#counts.network += 1;
    instance.proxy.set(weather);
    this.#inBackground(delay(ms).then(() => instance.proxy.set({ kind: 'clear' })));
    await delay(200);
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  async #swingMoods(random: Random): Promise<void> {
    while (this.#playing) {
      for (const app of this.world.apps) {
        if (app.role.moody) app.mood = random.chance(0.4) ? well : random.pick(moods);
      }
      await delay(random.between(1_500, 4_000));
    }
  }

  async #watchMemory(): Promise<void> {
    while (this.#playing) {
      for (const instance of this.world.instances) {
        this.#memoryMax = Math.max(this.#memoryMax, await instance.memory());
      }
      await delay(1_000);
    }
  }
}
