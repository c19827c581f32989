import { randomBytes } from 'node:crypto';
import { appId, pageId, type AppId, type PageId } from '../../src/domain/ids.js';
import { CheckedGraphClient } from './graph-shapes.js';
import { OpenApiDocument } from './openapi.js';
import { Receiver } from './receiver.js';
import type { ApiAnswer } from './signalbox.js';

/** A server under test, in this process or another; a new one may take its place at another address. */
export interface ServerAddress {
  readonly url: string;
  readonly adminToken: string;
}

/** What the guide tells apps to subscribe to, and reads, which change nothing and so can mark the end of a story. */
export const guideFields = [
  'messages',
  'messaging_referral',
  'messaging_handover',
  'messaging_postbacks',
  'standby',
  'message_reads',
];

/** An app with a real endpoint that knows its callback, its secret and its tokens, and nothing else. */
export interface Bot {
  readonly id: AppId;
  readonly receiver: Receiver;
  /** Its page access tokens. */
  readonly tokens: Map<PageId, string>;
  /** A client with its token of a page. */
  on(page: StagePage): CheckedGraphClient;
}

export interface StagePage {
  readonly id: PageId;
  readonly instagramId: string;
  readonly bots: Bot[];
}

export interface Connecting {
  readonly subscribed_fields?: readonly string[];
  readonly can_take_control?: boolean;
  readonly standby?: { messenger?: boolean; instagram?: boolean };
}

/** Pages, apps and people around one server: everything goes over HTTP, and every answer is held against its contract. */
export class Stage {
  readonly bots: Bot[] = [];
  #contract: OpenApiDocument | null = null;

  constructor(public server: ServerAddress) {}

  async close(): Promise<void> {
    await Promise.all(this.bots.map(({ receiver }) => receiver.close()));
  }

  /** Calls the admin API and checks the answer against the OpenAPI document. */
  async api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    this.#contract ??= await OpenApiDocument.of(this.server.url);
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.server.adminToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    const answer = {
      status: response.status,
      headers: response.headers,
      body: contentType.includes('json') ? JSON.parse(text) : text,
    };
    this.#contract.check(method, path, { status: answer.status, contentType, body: answer.body });
    return answer;
  }

  /** As `api`, for calls that must succeed; answers the body. */
  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.api(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  /** Every entry of a list, page by page. */
  async list(path: string): Promise<any[]> {
    const entries: any[] = [];
    for (let cursor: string | null = null; ;) {
      const page: any = await this.ask('GET', cursor === null ? path : `${path}?cursor=${encodeURIComponent(cursor)}`);
      entries.push(...page.data);
      if (page.next_cursor === null) return entries;
      cursor = page.next_cursor;
    }
  }

  /** An app with a receiver; its callback is verified on the way. */
  async addBot(id: string, more: { kind?: 'bot' | 'inbox'; batch_size_max?: number } = {}): Promise<Bot> {
    const receiver = await Receiver.start(`secret-${id}-${randomBytes(6).toString('hex')}`, `verify-${id}`);
    await this.ask('PUT', `/api/v1/apps/${id}`, {
      name: `App ${id}`,
      callback_url: receiver.url,
      app_secret: receiver.appSecret,
      verify_token: receiver.verifyToken,
      ...more,
    });
    const tokens = new Map<PageId, string>();
    const bot: Bot = {
      id: appId(id),
      receiver,
      tokens,
      on: (page) => {
        const token = tokens.get(page.id);
        if (token === undefined) throw new Error(`app ${id} has no token of page ${page.id}`);
        return new CheckedGraphClient(this.server.url, token);
      },
    };
    this.bots.push(bot);
    return bot;
  }

  /** A page whose apps are connected before it gets its default apps, as people do it. */
  async addPage(
    id: string,
    bots: readonly (readonly [bot: Bot, connecting?: Connecting])[],
    routing: { messenger?: PageRouting; instagram?: PageRouting },
  ): Promise<StagePage> {
    const page: StagePage = { id: pageId(id), instagramId: `1784140${id.slice(-10)}`, bots: [] };
    await this.ask('PUT', `/api/v1/pages/${id}`, { name: `Page ${id}`, instagram: { id: page.instagramId } });
    for (const [bot, connecting] of bots) await this.connect(page, bot, connecting);
    await this.setRouting(page, routing);
    return page;
  }

  async setRouting(page: StagePage, routing: { messenger?: PageRouting; instagram?: PageRouting }): Promise<void> {
    const channel = ({ defaultApp = null, socialApp = null }: PageRouting = {}) => ({
      default_app_id: defaultApp?.id ?? null,
      social_app_id: socialApp?.id ?? null,
    });
    await this.ask('PUT', `/api/v1/pages/${page.id}`, {
      name: `Page ${page.id}`,
      ...channel(routing.messenger),
      instagram: { id: page.instagramId, ...channel(routing.instagram) },
    });
  }

  async connect(page: StagePage, bot: Bot, connecting: Connecting = {}): Promise<void> {
    const answer = await this.ask('PUT', `/api/v1/pages/${page.id}/apps/${bot.id}`, {
      subscribed_fields: guideFields,
      ...connecting,
    });
    if (answer.page_access_token !== undefined) bot.tokens.set(page.id, answer.page_access_token);
    if (!page.bots.includes(bot)) page.bots.push(bot);
  }

  /** Virtual time, in milliseconds since 1970. */
  async now(): Promise<number> {
    return Date.parse((await this.ask('GET', '/api/v1/simulator/clock')).now);
  }

  async advance(duration: string): Promise<void> {
    await this.ask('POST', '/api/v1/simulator/clock', { advance: duration });
  }
}

export interface PageRouting {
  readonly defaultApp?: Bot | null;
  readonly socialApp?: Bot | null;
}
