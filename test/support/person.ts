import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { psid, type Psid } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import type { Bot, Stage, StagePage } from './stage.js';

/** The platform's app: its secret signs what comes in. */
export const metaAppSecret = 'secret-of-the-platform-app';

/** Whether a person is a simulated one or a real one of whom the platform reports. */
export type PersonSource = 'simulator' | 'platform';

/** Something a person does: as the simulator is told, and the content of the item that apps get, as wire JSON. */
export interface Act {
  readonly action: Readonly<Record<string, unknown>>;
  readonly content: (mid: string, person: Person) => string;
}

/** A webhook an app is expected to get: one item of `messaging[]` or `standby[]`, as wire JSON. */
export interface Told {
  readonly field: 'messaging' | 'standby';
  readonly item: string;
}

/** One thing that happened, as each app hears of it; null: it does not. */
export type Step = (bot: Bot) => Told | null;

/** One app alone is told. */
export const only =
  (receiver: Bot, item: string): Step =>
  (bot) =>
    bot === receiver ? { field: 'messaging', item } : null;

/** The owner gets it live, everyone else on standby; `copy` is what the others see of it. */
export const content =
  (owner: Bot, item: string, copy = item): Step =>
  (bot) =>
    bot === owner ? { field: 'messaging', item } : { field: 'standby', item: copy };

/** Everyone gets it live: nobody owns the thread. */
export const forEveryone =
  (item: string): Step =>
  () => ({ field: 'messaging', item });

let people = 0;

/** One person, and what was told of them. */
export class Person {
  /** How many POSTs each bot had got about the person when its story was last looked at. */
  readonly #looked = new Map<Bot, number>();
  #messages = 0;

  readonly psid: Psid;

  /** Somebody who has never been in touch. */
  constructor(
    readonly stage: Stage,
    readonly page: StagePage,
    readonly channel: Channel,
    readonly source: PersonSource,
  ) {
    people += 1;
    this.psid = psid(String((channel === 'messenger' ? 7_000_000_000_000_100 : 800_000_000_000_200) + people));
  }

  get businessId(): string {
    return this.channel === 'instagram' ? this.page.instagramId : this.page.id;
  }

  get recipient(): { id: Psid } {
    return { id: this.psid };
  }

  /** Does something and answers the item that the platform reports of it, as wire JSON. */
  async does(act: Act): Promise<string> {
    if (this.source === 'platform') return this.reports((mid) => act.content(mid, this));
    const path = `/api/v1/simulator/pages/${this.page.id}/people/${this.psid}/actions`;
    const { log } = await this.stage.ask('POST', path, { channel: this.channel, ...act.action });
    const { payload, occurred_at: occurredAt } = log.at(-1);
    const mid = payload.message?.mid ?? payload.postback?.mid ?? '';
    if (mid !== '') expect(mid).toMatch(this.channel === 'instagram' ? /^aWdf/ : /^m_/);
    return this.item(Date.parse(occurredAt), act.content(mid, this));
  }

  /** The platform's webhook of something the person did, signed; resolves once the server has taken it. */
  async reports(content: (mid: string) => string): Promise<string> {
    const at = await this.stage.now();
    const mid = `${this.channel === 'instagram' ? 'aWdfZAG1f' : 'm_C'}${this.psid}_${++this.#messages}`;
    const item = this.item(at, content(mid));
    const answer = await postWebhook(this.stage.server.url, this.envelope(at, { field: 'messaging', item }));
    if (answer !== 200) throw new Error(`the webhook was answered ${answer}`);
    return item;
  }

  item(at: number, content: string): string {
    return `{"sender":{"id":"${this.psid}"},"recipient":{"id":"${this.businessId}"},"timestamp":${at},${content}}`;
  }

  /** The item of a change of control, at the time the log has for the newest event of this type. */
  async handover(type: string, kind: 'pass' | 'take', from: Bot | null, to: Bot, metadata = 'null'): Promise<string> {
    const row = (await this.events()).findLast((event) => event.type === type);
    return this.item(
      Date.parse(row.occurred_at),
      `"${kind}_thread_control":{"previous_owner_app_id":${from?.id ?? 'null'},"new_owner_app_id":${to.id},"metadata":${metadata}}`,
    );
  }

  /** The pass that comes with a person's own event: it happened at the same time. */
  routed(item: string, from: Bot | null, to: Bot): string {
    const at = Number(/"timestamp":(\d+)/.exec(item)?.[1]);
    return this.item(
      at,
      `"pass_thread_control":{"previous_owner_app_id":${from?.id ?? 'null'},"new_owner_app_id":${to.id},"metadata":null}`,
    );
  }

  /** The echo of what an app wrote, thin on Instagram. */
  async echo(mid: string, text: string): Promise<string> {
    const row = (await this.events()).find((event) => event.payload?.message?.mid === mid);
    const app = this.channel === 'messenger' ? `,"app_id":${row.caller_app_id}` : '';
    return (
      `{"sender":{"id":"${this.businessId}"},"recipient":{"id":"${this.psid}"},"timestamp":${row.payload.timestamp},` +
      `"message":{"mid":"${mid}","text":"${text}","is_echo":true${app}}}`
    );
  }

  envelope(time: number, { field, item }: Told): string {
    const object = this.channel === 'instagram' ? 'instagram' : 'page';
    return `{"object":"${object}","entry":[{"time":${time},"id":"${this.businessId}","${field}":[${item}]}]}`;
  }

  thread(): Promise<any> {
    return this.stage.ask('GET', `/api/v1/threads/${this.page.id}/${this.psid}`);
  }

  events(): Promise<any[]> {
    return this.stage.list(`/api/v1/threads/${this.page.id}/${this.psid}/events`);
  }

  deliveries(): Promise<any[]> {
    return this.stage.list(`/api/v1/threads/${this.page.id}/${this.psid}/deliveries`);
  }

  /** What `thread_owner` tells an app. */
  async ownerAsToldTo(bot: Bot): Promise<any> {
    const { body } = await bot.on(this.page).get(`/v12.0/${this.businessId}/thread_owner?recipient=${this.psid}`);
    return body.data[0]?.thread_owner ?? null;
  }

  /**
   * Expects that since the last look every app of the page was told exactly these things, byte for byte and in this order,
   * and nothing else. That nothing else is on its way is shown by a mark: a read event, which changes nothing, goes to
   * every app and must come next, since an app's webhooks about a thread come in order.
   */
  async expectTold(...steps: readonly Step[]): Promise<void> {
    const read =
      this.channel === 'instagram' ? `"mid":"${randomBytes(9).toString('hex')}"` : `"watermark":${randomInt(2 ** 47)}`;
    const sign = `"read":{${read}}`;
    await this.reports(() => sign);
    for (const bot of this.page.bots) {
      const mark = await bot.receiver.waitFor(`the mark ${sign} for app ${bot.id}`, (posts) =>
        posts.find(({ body }) => body.includes(sign)),
      );
      const posts = bot.receiver.about(this.psid);
      const from = this.#looked.get(bot) ?? 0;
      const to = posts.indexOf(mark);
      this.#looked.set(bot, to + 1);
      const wanted = steps.map((step) => step(bot)).filter((told) => told !== null);
      expect({ app: bot.id, told: posts.slice(from, to).map(({ body }) => body) }).toEqual({
        app: bot.id,
        // The time of the POST is the server's; the story is checked against the log elsewhere.
        told: wanted.map((told, index) => this.envelope(posts[from + index]?.json.entry[0].time ?? 0, told)),
      });
      expect(bot.receiver.faults).toEqual([]);
    }
  }
}

/** Posts what the platform posts, with its signature and without its escapes; answers the status. */
export async function postWebhook(serverUrl: string, body: string): Promise<number> {
  const bytes = Buffer.from(JSON.stringify(JSON.parse(body)));
  const response = await fetch(`${serverUrl}/webhooks/meta`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${createHmac('sha256', metaAppSecret).update(bytes).digest('hex')}`,
    },
    body: bytes,
  });
  await response.text();
  return response.status;
}
