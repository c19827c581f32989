import { inbox as inboxId } from './instance.js';
import { metaAppId, Platform } from './platform.js';
import type { ReceivedPost } from './receiver.js';
import { startSignalbox, type TestSignalbox } from './signalbox.js';
import { guideFields, Stage, type Bot, type StagePage } from './stage.js';

export const pageId = '104700000000071';
export const instagramId = '17841400000000071';
export const pageToken = 'EAAmetaPageTokenThatNoAppEverSees';

/** The gateway between its apps and a stand-in for the platform: everything goes over HTTP, sends out and webhooks in. */
export class Gateway {
  #people = 0;

  private constructor(
    readonly platform: Platform,
    readonly signalbox: TestSignalbox,
    readonly stage: Stage,
    readonly page: StagePage,
    readonly marketing: Bot,
    /** The default app of both channels. */
    readonly desk: Bot,
    /** It may take control. */
    readonly agent: Bot,
    readonly inbox: Bot,
  ) {}

  static async open(): Promise<Gateway> {
    const appSecret = 'secret-of-the-meta-app';
    const platform = await Platform.start({ appSecret, token: pageToken, page: pageId, instagram: instagramId });
    const signalbox = await startSignalbox({
      MODE: 'gateway',
      META_APP_SECRET: appSecret,
      META_VERIFY_TOKEN: 'verify-token-of-the-meta-app',
      META_APP_ID: metaAppId,
      META_GRAPH_URL: platform.url,
      META_SEND_TIMEOUT_MS: '700',
      META_ECHO_WAIT_MS: '700',
      CALLBACK_ALLOW: '127.0.0.0/8',
    });
    platform.webhookUrl = `${signalbox.url}/webhooks/meta`;
    const stage = new Stage({ url: signalbox.url, adminToken: signalbox.adminToken.value });
    const marketing = await stage.addBot('2100000000000071');
    const desk = await stage.addBot('2200000000000072');
    const agent = await stage.addBot('2300000000000073');
    const inbox = await stage.addBot(inboxId, { kind: 'inbox' });
    const all = { subscribed_fields: [...guideFields, 'message_echoes'] };
    const page = await stage.addPage(
      pageId,
      [
        [marketing, all],
        [desk, all],
        [agent, { ...all, can_take_control: true }],
        [inbox, all],
      ],
      {},
    );
    const gateway = new Gateway(platform, signalbox, stage, page, marketing, desk, agent, inbox);
    await gateway.putPage({ meta: { page_access_token: pageToken } });
    return gateway;
  }

  async close(): Promise<void> {
    await this.stage.close();
    await this.signalbox.stop();
    await this.platform.close();
  }

  putPage(more: object = {}): Promise<any> {
    return this.stage.ask('PUT', `/api/v1/pages/${pageId}`, {
      name: 'Shop',
      default_app_id: this.desk.id,
      instagram: { id: instagramId, default_app_id: this.desk.id },
      ...more,
    });
  }

  /** Somebody who has not been heard of. Instagram's people begin with 8. */
  newPsid(instagram = false): string {
    return `${instagram ? 8 : 7}000000000007${String(++this.#people).padStart(3, '0')}`;
  }

  /** Somebody who has just written, and whose thread so is the desk's. */
  async newPerson({ instagram = false } = {}): Promise<string> {
    const person = this.newPsid(instagram);
    expect(await this.platform.personWrites(person, 'hello', { instagram })).toBe(200);
    return person;
  }

  threadOf(person: string): Promise<any> {
    return this.stage.ask('GET', `/api/v1/threads/${pageId}/${person}`);
  }

  rowsOf(person: string): Promise<any[]> {
    return this.stage.list(`/api/v1/threads/${pageId}/${person}/events`);
  }

  /** What a bot has been told of a person since the first message, in short; waits until that many have come. */
  async told(bot: Bot, person: string, count: number): Promise<string[]> {
    const posts = await bot.receiver.waitFor(`POST ${count} about ${person}`, () => {
      const found = bot.receiver.about(person).slice(1);
      return found.length >= count && found;
    });
    expect(bot.receiver.faults).toEqual([]);
    return posts.map(inShort);
  }
}

function inShort({ json }: ReceivedPost): string {
  const [entry] = json.entry;
  const field = entry.standby === undefined ? 'live' : 'standby';
  const [item] = entry.messaging ?? entry.standby;
  if (item.take_thread_control) return `take for ${item.take_thread_control.new_owner_app_id}`;
  if (item.pass_thread_control) return `pass for ${item.pass_thread_control.new_owner_app_id}`;
  if (item.postback) return `${field} tap: ${item.postback.title}, ${item.postback.payload ?? 'and no more'}`;
  if (item.message?.is_echo) return `${field} echo: ${item.message.text}`;
  return `${field}: ${item.message?.text}`;
}
