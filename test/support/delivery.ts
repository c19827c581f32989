import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from '../../src/core.js';
import { callbackGuard } from '../../src/callback/address-guard.js';
import { createCallbackAgent } from '../../src/callback/callback-agent.js';
import { Dispatcher, type DispatcherOptions } from '../../src/delivery/dispatcher.js';
import { WebhookClient } from '../../src/delivery/webhook.client.js';
import { mid, type AppId } from '../../src/domain/ids.js';
import { toWireJson } from '../../src/domain/wire-json.js';
import { CursorStore } from '../../src/store/cursor.store.js';
import { LogStore } from '../../src/store/log.store.js';
import { configureShop, marketing, openInstance, shop, submit, support, threadOf, userEvent } from './instance.js';
import { Receiver, type ReceivedPost } from './receiver.js';

export const hourMs = 60 * 60 * 1000;
const timeoutMs = 10_000;

/** Two apps with real receivers on one page: support owns what people write, marketing gets standby copies. */
export class DeliveryStage {
  readonly #dispatchers: Dispatcher[] = [];
  readonly #cores: Core[] = [];
  #messages = 0;

  private constructor(
    readonly databaseUrl: string,
    readonly core: Core,
    readonly support: Receiver,
    readonly marketing: Receiver,
  ) {
    this.#cores.push(core);
  }

  static async open(databaseUrl: string): Promise<DeliveryStage> {
    const core = await openInstance(databaseUrl);
    await configureShop(core);
    const stage = new DeliveryStage(
      databaseUrl,
      core,
      await Receiver.start('secret-of-support', 'verify'),
      await Receiver.start('secret-of-marketing', 'verify'),
    );
    await stage.configure(support, stage.support, 1);
    await stage.configure(marketing, stage.marketing, 1);
    return stage;
  }

  configure(app: AppId, receiver: Receiver, batchSizeMax: number): Promise<unknown> {
    const settings = { name: 'Bot', kind: 'bot' as const, appSecret: receiver.appSecret, batchSizeMax };
    return this.core.configStore.putApp(app, { ...settings, callbackUrl: receiver.url });
  }

  /** A second instance on the same database. */
  async openCore(): Promise<Core> {
    const core = await openInstance(this.databaseUrl);
    this.#cores.push(core);
    return core;
  }

  /** A started dispatcher that does everything often. */
  dispatch(
    options: Partial<DispatcherOptions> = {},
    { core = this.core, cursors = new CursorStore(core.hotPool) }: { core?: Core; cursors?: CursorStore } = {},
  ): Dispatcher {
    const { committedRows, endedAttempts, configStore, configuration, clock, failpoints, settings, hotPool } = core;
    const agent = createCallbackAgent({ guard: callbackGuard(settings) });
    const client = new WebhookClient(agent, clock, options.timeoutMs ?? timeoutMs);
    const dispatcher = new Dispatcher(
      {
        cursors,
        log: new LogStore(hotPool),
        client,
        committedRows,
        endedAttempts,
        configuration,
        clock,
        failpoints,
        holdGoneApp: (appId, callbackUrl, at) => configStore.pauseGoneApp(appId, callbackUrl, at),
      },
      {
        holder: `instance ${this.#dispatchers.length + 1}`,
        timeoutMs,
        concurrencyMax: 16,
        horizonMs: 36 * hourMs,
        attempts: 'all',
        intervals: { lease: 500, read: 100, save: 50, tend: 50 },
        random: () => 0,
        ...options,
      },
    );
    this.#dispatchers.push(dispatcher);
    dispatcher.start();
    return dispatcher;
  }

  /** A person writes; answers the text, by which its deliveries can be told apart. */
  async write(person: number, core = this.core): Promise<string> {
    const key = threadOf(person);
    const text = `message ${++this.#messages} of ${person}`;
    const messageId = mid(`m_${this.#messages}`);
    const payload = toWireJson({
      sender: { id: key.psid },
      recipient: { id: key.pageId },
      timestamp: 1_767_225_600_500,
      message: { mid: messageId, text },
    });
    const { result } = await core.router.dispatch(
      submit(key, userEvent('user.message', key, messageId, { mid: messageId, payload })),
    );
    if (result !== 'applied') throw new Error(`the message ended as ${result}`);
    return text;
  }

  /** Everyone writes the same number of times, all at once; answers each one's texts in order. */
  async writeMany(people: readonly number[], each: number, core = this.core): Promise<Map<number, string[]>> {
    const texts = new Map(people.map((person) => [person, [] as string[]]));
    for (let n = 0; n < each; n += 1) {
      await Promise.all(people.map(async (person) => texts.get(person)?.push(await this.write(person, core))));
    }
    return texts;
  }

  /** Time goes on for all instances; which also makes dispatchers look at failing apps again. */
  async advance(ms: number): Promise<void> {
    const { configStore, clock, configuration } = this.core;
    await configStore.setClockOffset(clock.offsetMs + ms);
    await configuration.refresh();
    for (const core of this.#cores) await core.configuration.refresh();
  }

  async count(table: 'owed' | 'stalled' | 'dead_letter' | 'replay', where = 'true'): Promise<number> {
    const { rows } = await this.core.readPool.query<{ n: number }>(
      `select count(*)::int as n from ${table} where ${where}`,
    );
    return rows[0]?.n ?? 0;
  }

  /** Whether every lane's saved position is the end of its log. */
  async isSaved(): Promise<boolean> {
    const lastIds = await this.core.log.lastIds();
    const positions = await new CursorStore(this.core.readPool).positions();
    return positions.every((position, lane) => position === lastIds[lane]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.stop()));
    await Promise.all(this.#cores.map((core) => core.close()));
    await this.support.close();
    await this.marketing.close();
  }
}

/** Waits until something is so; the deadline is a guard only. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const startedAt = performance.now(); !(await holds());) {
    if (performance.now() - startedAt > 20_000) throw new Error(`it never came true: ${what}`);
    await delay(10);
  }
}

interface ReceivedEvent {
  readonly person: number;
  readonly text: string;
  readonly field: 'messaging' | 'standby';
}

const firstPsid = 7_000_000_000_000_000n;

/** The events of POSTs in the order they came. */
export function eventsOf(posts: readonly ReceivedPost[]): ReceivedEvent[] {
  return posts.flatMap(({ json }) =>
    json.entry.map((entry: any) => {
      const field = entry.messaging === undefined ? 'standby' : 'messaging';
      const [item] = entry[field];
      return { person: Number(BigInt(item.sender.id) - firstPsid), text: item.message.text, field };
    }),
  );
}

/** Texts by person, in the order they were first received; only of POSTs that were acknowledged. */
export function textsByPerson(posts: readonly ReceivedPost[]): Map<number, string[]> {
  const texts = new Map<number, string[]>();
  for (const { person, text } of eventsOf(posts.filter(({ answer }) => answer === 200))) {
    const known = texts.get(person) ?? [];
    if (!known.includes(text)) known.push(text);
    texts.set(person, known);
  }
  return texts;
}

/** How many texts were acknowledged by a receiver, each counted once. */
export function acknowledged(receiver: Receiver): number {
  return [...textsByPerson(receiver.posts).values()].reduce((sum, texts) => sum + texts.length, 0);
}

export { marketing, shop, support };
