import { Logger } from '@nestjs/common';
import type { Dispatcher as HttpDispatcher } from 'undici';
import { Clock } from '../../src/clock/clock.js';
import { Failpoints } from '../../src/config/failpoints.js';
import { readSettings } from '../../src/config/settings.js';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { WebhookClient, type PostResult, type WebhookPost } from '../../src/delivery/webhook.client.js';
import { parseDeliveryId } from '../../src/domain/delivery-id.js';
import { laneOf, psid, threadName, type AppId, type ThreadKey } from '../../src/domain/ids.js';
import type { ThreadEvent } from '../../src/domain/thread/thread.events.js';
import { RouterBusyError, type Outcome } from '../../src/routing/submission.js';
import { ThreadRouter } from '../../src/routing/thread-router.js';
import { CommittedRows } from '../../src/store/committed-rows.js';
import { EndedAttempts } from '../../src/store/ended-attempts.js';
import { ConfigurationCache } from '../../src/store/configuration.cache.js';
import { Timers } from '../../src/timers/timers.js';
import { foldLog } from '../support/fold.js';
import { bystander, desk, marketing, newYear, page, person, shop, takeover } from '../support/thread-fixtures.js';
import {
  MemoryConfigStore,
  MemoryCursorStore,
  MemoryDatabase,
  MemoryLaneStore,
  MemoryLogStore,
  MemoryQuarantineStore,
} from './memory-store.js';
import { SimulatedProcess, type Simulator } from './simulator.js';

Logger.overrideLogger(false);

const hourMs = 60 * 60 * 1000;
const timeoutMs = 1_000;
const settings = readSettings({
  LOG_LEVEL: 'silent',
  COMMIT_TOGETHER_MAX: '4',
  COMMIT_BATCH_MAX: '6',
  THREAD_CACHE_MAX: '6',
});
/** Apps with an endpoint; the last takes batches. */
export const receivers = [marketing, desk, takeover, bystander];

class SimulatedClock extends Clock {
  #offsetMs = 0;

  constructor(private readonly simulator: Simulator) {
    super();
  }

  now(): number {
    return newYear + this.simulator.nowMs + this.#offsetMs;
  }

  monotonicMs(): number {
    return this.simulator.nowMs;
  }

  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }
}

/** What an app does with a POST: takes it and says so, takes it and is not heard, does not take it. */
export type Reaction = 'ok' | 'lost answer' | 'silent' | 500 | 503;

/** An app's endpoint with its own record. */
class SimulatedApp {
  /** By thread, the ids in the order in which they first came. */
  readonly taken = new Map<string, string[]>();
  readonly bodies = new Map<string, string>();
  trouble = 0;
  poisoned: string | null = null;
  readonly faults: string[] = [];

  take(ids: string, body: string): void {
    const entries = (JSON.parse(body) as { entry: object[] }).entry;
    ids.split(',').forEach((id, index) => {
      const bytes = JSON.stringify(entries[index]);
      if ((this.bodies.get(id) ?? bytes) !== bytes) this.faults.push(`other bytes under ${id}`);
      const isNew = !this.bodies.has(id);
      this.bodies.set(id, bytes);
      const thread = /"id":"(7\d{15})"/.exec(bytes)?.[1] ?? '';
      const list = this.taken.get(thread) ?? [];
      if (isNew) list.push(id);
      this.taken.set(thread, list);
    });
  }
}

class SimulatedClient extends WebhookClient {
  constructor(
    private readonly world: SimulatedWorld,
    clock: Clock,
  ) {
    super({} as HttpDispatcher, clock, timeoutMs);
  }

  override async post(post: WebhookPost): Promise<PostResult> {
    const { simulator } = this.world;
    const app = this.world.apps.get(post.url);
    if (app === undefined) throw new Error(`nobody listens at ${post.url}`);
    const body = post.body.toString('latin1');
    const startedAt = simulator.nowMs;
    const fail = (error: string, status?: number): PostResult => ({
      ok: false,
      error,
      durationMs: simulator.nowMs - startedAt,
      ...(status === undefined ? {} : { status }),
    });
    const arrival = simulator.outside(() => this.world.react(app, post.deliveryId, body));
    const answer = arrival.then((reaction): PostResult | Promise<PostResult> => {
      if (reaction === 'ok') return { ok: true, status: 200, durationMs: simulator.nowMs - startedAt };
      if (reaction === 'silent') return new Promise(() => undefined);
      return reaction === 'lost answer' ? fail('closed') : fail(`answered ${reaction}`, reaction);
    });
    const timeout = new Promise<PostResult>((resolve) =>
      setTimeout(() => resolve(fail('no answer in time')), timeoutMs),
    );
    return Promise.race([answer, timeout]);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One server process: router, timers and dispatcher as they are, on a database in memory. */
class SimulatedInstance {
  readonly process: SimulatedProcess;
  readonly router: ThreadRouter;
  readonly #ready: Promise<void>;
  readonly #simulator: Simulator;

  constructor(world: SimulatedWorld, name: string) {
    this.process = new SimulatedProcess(name);
    const { database, simulator } = world;
    this.#simulator = simulator;
    const clock = new SimulatedClock(simulator);
    const lanes = new MemoryLaneStore(database);
    const committedRows = new CommittedRows();
    const failpoints = new Failpoints('');
    const configuration = new ConfigurationCache(new MemoryConfigStore(database), clock);
    const quarantine = new MemoryQuarantineStore(database);
    this.router = new ThreadRouter(lanes, configuration, quarantine, committedRows, clock, failpoints, settings);
    const timers = new Timers(lanes, this.router, configuration, clock, failpoints, (error) => world.report(error));
    const log = new MemoryLogStore(database);
    const client = new SimulatedClient(world, clock);
    const dispatcher = new Dispatcher(
      {
        cursors: new MemoryCursorStore(database),
        log,
        committedRows,
        endedAttempts: new EndedAttempts(),
        configuration,
        client,
        clock,
        failpoints,
        holdGoneApp: () => Promise.resolve(),
      },
      {
        holder: name,
        timeoutMs,
        concurrencyMax: 3,
        horizonMs: 1_000 * hourMs,
        attempts: 'failures',
        leaseMs: 5_000,
        liveMax: 12,
        random: () => simulator.random.next(),
      },
    );
    this.#ready = simulator.as(this.process, async () => {
      for (;;) {
        try {
          await configuration.start();
          break;
        } catch {
          // The database did not answer: it is asked again.
        }
      }
      timers.start();
      dispatcher.start();
    });
  }

  /** Hands an event to the router; rejects when the process dies before it answers. */
  dispatch(key: ThreadKey, event: ThreadEvent, sourceId: string, occurredAt: number | null): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const forget = this.process.onDeath(() => reject(new RouterBusyError('the process died')));
      this.#simulator
        .as(this.process, async () => {
          await this.#ready;
          const events = [{ event, sourceId, occurredAt }];
          return this.router.dispatch({ key, channel: null, cause: { by: 'system' }, events });
        })
        .then(resolve, reject)
        .finally(forget);
    });
  }
}

/** One event of a person on its way: sent again until it is answered. */
interface Sent {
  readonly key: ThreadKey;
  readonly event: ThreadEvent;
  readonly sourceId: string;
  readonly occurredAt: number;
}

/** Everything: database, instances, apps, people. */
export class SimulatedWorld {
  readonly database: MemoryDatabase;
  readonly apps = new Map<string, SimulatedApp>();
  readonly acknowledged = new Map<string, string[]>();
  /** What apps were told about what they asked for, by source id. */
  readonly told = new Map<string, Outcome['result']>();
  readonly faults: string[] = [];
  readonly instances: SimulatedInstance[] = [];
  #queues = new Map<string, Sent[]>();
  #sending = new Set<string>();
  #names = 0;
  #clockOffsetMs = 0;

  constructor(
    readonly simulator: Simulator,
    instanceCount: number,
  ) {
    for (const appId of receivers) this.apps.set(urlOf(appId), new SimulatedApp());
    const apps = [...page().connections.values()].map(({ appId, kind }) => ({
      appId,
      name: appId,
      kind,
      callbackUrl: receivers.includes(appId) ? urlOf(appId) : null,
      instagramCallbackUrl: null,
      verifyToken: null,
      secret: 'secret',
      previousSecret: null,
      appsecretProofRequired: false,
      batchSizeMax: appId === bystander ? 5 : 1,
      subscribedFields: { messenger: null, instagram: null },
      pausedAt: null,
    }));
    this.database = new MemoryDatabase(simulator, [page()], apps);
    for (let index = 0; index < instanceCount; index++)
      this.instances.push(new SimulatedInstance(this, this.#newName()));
  }

  report(error: unknown): void {
    const isDatabase = error instanceof Error && ('code' in error || error instanceof RouterBusyError);
    if (!isDatabase) this.faults.push(String(error));
  }

  react(app: SimulatedApp, ids: string, body: string): Reaction {
    const { random } = this.simulator;
    const poisoned = app.poisoned !== null && body.includes(app.poisoned);
    const reaction: Reaction = poisoned
      ? 500
      : random.chance(app.trouble)
        ? random.pick<Reaction>(['lost answer', 'silent', 500, 503, 500])
        : 'ok';
    if (reaction === 'ok' || reaction === 'lost answer' || reaction === 'silent') app.take(ids, body);
    return reaction;
  }

  /** A person does something: after everything the same person has done before. */
  send(key: ThreadKey, event: ThreadEvent, sourceId: string): void {
    const name = threadName(key);
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    queue.push({
      key,
      event: about(key, event),
      sourceId,
      occurredAt: newYear + this.simulator.nowMs + this.#clockOffsetMs,
    });
    void this.#sendNext(name);
  }

  /** An app asks for something, once; whatever it is told is possible. */
  ask(key: ThreadKey, event: ThreadEvent, sourceId: string): void {
    this.#anyInstance()
      ?.dispatch(key, about(key, event), sourceId, null)
      .then(({ result }) => this.told.set(sourceId, result))
      .catch((error: unknown) => this.report(error));
  }

  kill(index: number): void {
    const instance = this.instances[index];
    instance?.process.die();
    this.instances[index] = new SimulatedInstance(this, this.#newName());
  }

  pause(index: number): void {
    const process = this.instances[index]?.process;
    if (process?.state === 'running') process.state = 'paused';
  }

  resume(index: number): void {
    const process = this.instances[index]?.process;
    if (process?.state === 'paused') process.state = 'running';
  }

  passTime(ms: number): void {
    this.#clockOffsetMs += ms;
    const offset = this.#clockOffsetMs;
    void this.database.change(() => ({ clockOffsetMs: offset }));
  }

  /** Whether the app is connected to the page from now on. */
  connect(appId: AppId, connected: boolean): void {
    void this.database.change(({ pages }) => {
      const current = pages.get(shop);
      if (current === undefined) return {};
      const connections = new Map(current.connections);
      const connection = page().connections.get(appId);
      if (connected && connection !== undefined) connections.set(appId, connection);
      else connections.delete(appId);
      return { pages: new Map(pages).set(shop, { ...current, connections }) };
    });
  }

  setDefaultApp(defaultAppId: AppId | null): void {
    void this.database.change(({ pages }) => {
      const current = pages.get(shop);
      if (current === undefined) return {};
      const routing = { ...current.routing, messenger: { defaultAppId, socialAppId: null } };
      return { pages: new Map(pages).set(shop, { ...current, routing }) };
    });
  }

  /** Every fault ends. */
  heal(): void {
    this.database.failing = 0;
    this.instances.forEach((_, index) => this.resume(index));
    for (const app of this.apps.values()) Object.assign(app, { trouble: 0, poisoned: null });
  }

  /** Whether everything sent is acknowledged, and everything owed is delivered and written down. */
  isQuiet(): boolean {
    const { cursors, lanes, stalled, owed } = this.database;
    if (this.#sending.size > 0 || stalled.size > 0 || owed.size > 0) return false;
    return cursors.every(({ lastId }, lane) => lastId === lanes[lane]?.lastId);
  }

  whatIsOpen(): string {
    const { cursors, lanes, stalled, owed } = this.database;
    const behind = cursors.filter(({ lastId }, lane) => lastId !== lanes[lane]?.lastId).length;
    return `${this.#sending.size} unanswered, ${behind} lanes behind, ${stalled.size} threads waiting, ${owed.size} blocks owed`;
  }

  /** Everything that must hold once it is quiet; throws what does not. */
  check(): void {
    const { rows, threads, deadLetters, quarantined } = this.database;
    const problems = [...this.faults];
    if (quarantined > 0) problems.push(`${quarantined} events in quarantine`);
    const owed = new Map(receivers.map((appId) => [appId, new Map<string, string[]>()]));
    const byThread = Map.groupBy(rows.flat(), threadName);
    for (const [name, log] of byThread) {
      try {
        const folded = foldLog(log);
        if (JSON.stringify(folded) !== JSON.stringify({ ...folded, ...threads.get(name) })) {
          problems.push(`thread ${name} is not the fold of its log`);
        }
      } catch (error) {
        problems.push(String(error));
      }
      let deadline: number | null = null;
      for (const row of log) {
        if (deadline !== null && row.at >= deadline && !['control.expired', 'app.disconnected'].includes(row.type)) {
          problems.push(`row ${row.lane}-${row.id} was decided after a deadline that had not been applied`);
        }
        deadline = row.thread.deadlineAt;
        const live = new Set(
          row.notices.flatMap((each) => (each.kind === 'event' && each.field === 'messaging' ? [each.appId] : [])),
        );
        if (row.thread.ownerAppId !== null && live.size > 1) problems.push(`row ${row.lane}-${row.id} has two owners`);
        row.notices.forEach(({ appId }, notice) => {
          const id = `${row.lane}-${row.id}-${notice}`;
          if (!receivers.includes(appId) || deadLetters.has(id)) return;
          const lists = owed.get(appId) ?? new Map<string, string[]>();
          lists.set(row.psid, [...(lists.get(row.psid) ?? []), `sim-${id}`]);
        });
      }
      for (const { sourceId, refusal } of log) {
        const told = this.told.get(sourceId);
        const refused = refusal !== null;
        if (told !== undefined && refused !== (told === 'refused')) {
          problems.push(`${sourceId} was told ${told}, and the log says ${refusal?.reason ?? 'applied'}`);
        }
      }
      const sources = log.map(({ sourceId }) => sourceId).filter((id) => id.startsWith('user'));
      const acknowledged = this.acknowledged.get(name) ?? [];
      if (sources.join() !== acknowledged.join()) {
        problems.push(`${name} sent ${acknowledged.join(' ')}, and its log has ${sources.join(' ')}`);
      }
    }
    for (const [name, sent] of this.acknowledged) {
      if (!byThread.has(name) && sent.length > 0) problems.push(`all of ${name} is lost`);
    }
    for (const appId of receivers) {
      const app = this.apps.get(urlOf(appId));
      problems.push(...(app?.faults ?? []));
      for (const [psid, taken] of app?.taken ?? []) {
        const expected = owed.get(appId)?.get(psid) ?? [];
        const wanted = taken.filter((id) => !deadLetters.has(id.replace('sim-', '')));
        if (wanted.join() !== expected.join()) {
          problems.push(`app ${appId} got of ${psid}: ${wanted.join(' ')}; it was owed: ${expected.join(' ')}`);
        }
        const positions = taken.map((id) => parseDeliveryId(id)?.id ?? 0);
        if (positions.some((id, index) => id < (positions[index - 1] ?? 0))) {
          problems.push(`app ${appId} got of ${psid} out of order: ${taken.join(' ')}`);
        }
      }
      for (const [psid, expected] of owed.get(appId) ?? []) {
        if (app?.taken.has(psid) !== true) problems.push(`app ${appId} got nothing of ${psid}: ${expected.join(' ')}`);
      }
    }
    if (problems.length > 0) throw new Error(problems.slice(0, 5).join('\n'));
  }

  #newName(): string {
    return `instance ${++this.#names}`;
  }

  #anyInstance(): SimulatedInstance | undefined {
    return this.instances.length === 0 ? undefined : this.simulator.random.pick(this.instances);
  }

  async #sendNext(name: string): Promise<void> {
    if (this.#sending.has(name)) return;
    this.#sending.add(name);
    const queue = this.#queues.get(name) ?? [];
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      await this.#insist(next);
      const list = this.acknowledged.get(name) ?? [];
      list.push(next.sourceId);
      this.acknowledged.set(name, list);
      queue.shift();
    }
    this.#sending.delete(name);
  }

  async #insist({ key, event, sourceId, occurredAt }: Sent): Promise<void> {
    for (;;) {
      const instance = this.#anyInstance();
      if (instance === undefined) return;
      const answer = instance.dispatch(key, event, sourceId, occurredAt);
      // It waits only so long, and sends it again, perhaps to another one, while the first may still be at work.
      const patience = this.simulator.sleep(3_000).then(() => null);
      try {
        const outcome = await Promise.race([answer, patience]);
        if (outcome?.result === 'applied' || outcome?.result === 'duplicate') {
          // Now and then it is sent again although it was taken.
          if (this.simulator.random.chance(0.2)) this.#sendAgain(key, event, sourceId, occurredAt);
          return;
        }
        if (outcome !== null) this.faults.push(`an event of a person ended as ${outcome.result}`);
      } catch (error) {
        this.report(error);
      }
      answer.catch((error: unknown) => this.report(error));
      await this.simulator.sleep(100);
    }
  }

  #sendAgain(key: ThreadKey, event: ThreadEvent, sourceId: string, occurredAt: number): void {
    this.#anyInstance()
      ?.dispatch(key, event, sourceId, occurredAt)
      .catch((error: unknown) => this.report(error));
  }
}

/** An event of the fixtures, which all are about one person, as another's. */
function about({ psid }: ThreadKey, event: ThreadEvent): ThreadEvent {
  return 'payload' in event && event.payload !== null
    ? { ...event, payload: event.payload.replaceAll(person, psid) }
    : event;
}

function urlOf(appId: AppId): string {
  return `http://app/${appId}`;
}

/** Four people in two lanes: those of one lane meet in its log, and all of them in a commit. */
export const people: readonly ThreadKey[] = peopleOfTwoLanes();

function peopleOfTwoLanes(): ThreadKey[] {
  const keys = Array.from({ length: 3_000 }, (_, n) => ({
    pageId: shop,
    psid: psid(String(BigInt(person) + BigInt(n))),
  }));
  const byLane = Map.groupBy(keys, laneOf);
  return [...byLane.values()].slice(0, 2).flatMap((lane) => lane.slice(0, 2));
}
