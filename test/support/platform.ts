import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one call: the platform's own refusals, and those of the way there. */
export type Fault =
  | { readonly answer: { readonly status: number; readonly body: object | string } }
  /** The message is out or not, its echo comes or not; the answer does not come. */
  | { readonly silent: true; readonly sends: boolean; readonly echoes: boolean }
  /** The echo comes before the answer. */
  | { readonly echoFirst: true };

export interface PlatformCall {
  readonly path: string;
  readonly body: any;
}

export const metaAppId = '3300000000000033';

const error = (status: number, code: number, message: string, subcode?: number) => ({
  status,
  body: {
    error: {
      message,
      type: 'OAuthException',
      code,
      ...(subcode !== undefined && { error_subcode: subcode }),
      fbtrace_id: `A${'platform'.padEnd(22, '0')}`,
    },
  },
});

export const expiredToken = error(
  400,
  190,
  'Error validating access token: Session has expired on Saturday, 03-Jan-26 10:00:00 PST.',
  463,
);
export const rateLimited = error(400, 613, '(#613) Calls to this api have exceeded the rate limit.');
export const serverError = error(500, 1200, 'Temporary send message failure. Please try again later.');

const topLevel = new Set([
  'recipient',
  'messaging_type',
  'tag',
  'message',
  'sender_action',
  'payload',
  'notification_type',
  'persona_id',
  'reply_to',
]);

/**
 * A stand-in for the platform: takes sends as strictly as the real one, and calls the gateway's webhook with what people
 * write and with the echoes of what was sent.
 */
export class Platform {
  readonly calls: PlatformCall[] = [];
  /** What the gateway answered our webhooks. */
  readonly webhookStatuses: number[] = [];
  /** What goes wrong with the next calls, in order. */
  readonly faults: Fault[] = [];
  /** Whether the page is subscribed to echoes at all. */
  echoes = true;
  webhookUrl = '';

  readonly #people = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #server = createServer((request, response) => {
    const serving = this.#serve(request, response).catch(() => response.destroy());
    this.#underWay.add(serving);
    void serving.finally(() => this.#underWay.delete(serving));
  });

  private constructor(
    readonly appSecret: string,
    readonly token: string,
    readonly page: string,
    readonly instagram: string,
  ) {}

  static async start(options: {
    appSecret: string;
    token: string;
    page: string;
    instagram: string;
  }): Promise<Platform> {
    const platform = new Platform(options.appSecret, options.token, options.page, options.instagram);
    await new Promise<void>((resolve) => platform.#server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v25.0`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A person writes. */
  async personWrites(person: string, text: string, more: { instagram?: boolean; item?: object } = {}): Promise<number> {
    const business = this.#meet(person, more.instagram === true);
    const content = more.item ?? { message: { mid: this.#newMid(more.instagram === true), text } };
    return this.#webhook(more.instagram === true, {
      sender: { id: person },
      recipient: { id: business },
      timestamp: Date.now(),
      ...content,
    });
  }

  /** Somebody answers in the platform's own inbox, on a phone, through another app; or a send of ours is echoed. */
  async echo(person: string, message: object, instagram = false): Promise<number> {
    return this.#webhook(instagram, {
      sender: { id: instagram ? this.instagram : this.page },
      recipient: { id: person },
      timestamp: Date.now(),
      message: { mid: this.#newMid(instagram), is_echo: true, ...message },
    });
  }

  #meet(person: string, instagram: boolean): string {
    this.#people.add(person);
    return instagram ? this.instagram : this.page;
  }

  #newMid(instagram: boolean): string {
    const bytes = randomBytes(117);
    return instagram ? `aWdf${bytes.toString('base64url')}` : `m_${bytes.subarray(0, 64).toString('base64url')}`;
  }

  async #webhook(instagram: boolean, item: object): Promise<number> {
    const id = instagram ? this.instagram : this.page;
    const body = JSON.stringify({
      object: instagram ? 'instagram' : 'page',
      entry: [{ time: Date.now(), id, messaging: [item] }],
    });
    const response = await fetch(this.webhookUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-hub-signature-256': `sha256=${createHmac('sha256', this.appSecret).update(body).digest('hex')}`,
      },
      body,
    });
    await response.text();
    this.webhookStatuses.push(response.status);
    return response.status;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '', this.url);
    const answer = (given: { status: number; body: object | string }) => {
      const isText = typeof given.body === 'string';
      response.writeHead(given.status, { 'content-type': isText ? 'text/html' : 'application/json; charset=UTF-8' });
      response.end(isText ? given.body : JSON.stringify(given.body));
    };
    const refusal = this.#refusalOf(request, url, text);
    if (refusal !== null) return answer(refusal);
    const body = JSON.parse(text);
    this.calls.push({ path: url.pathname, body });

    const fault = this.faults.shift() ?? null;
    if (fault !== null && 'answer' in fault) return answer(fault.answer);
    const person: string = body.recipient.id;
    if (body.message === undefined) return answer({ status: 200, body: { recipient_id: person } });
    const instagram = person.startsWith('8');
    const mid = this.#newMid(instagram);
    const { metadata, ...shown } = body.message;
    const message = {
      mid,
      ...shown,
      ...(shown.attachment !== undefined && { attachment: undefined, attachments: [shown.attachment] }),
      ...(!instagram && { app_id: Number(metaAppId), metadata }),
    };
    const silent = fault !== null && 'silent' in fault ? fault : null;
    if (silent !== null) {
      // Never answered: the connection ends when the gateway gives up.
      if (silent.echoes && this.echoes) await this.echo(person, message, instagram);
      return;
    }
    const echoFirst = fault !== null && 'echoFirst' in fault;
    if (echoFirst) await this.echo(person, message, instagram);
    answer({ status: 200, body: { recipient_id: person, message_id: mid } });
    if (!echoFirst && this.echoes) await this.echo(person, message, instagram);
  }

  #refusalOf(request: IncomingMessage, url: URL, text: string): { status: number; body: object } | null {
    const { authorization = '', 'content-type': type = '' } = request.headers;
    const proof = createHmac('sha256', this.appSecret).update(this.token).digest('hex');
    if (authorization !== `Bearer ${this.token}`) return error(400, 190, 'Invalid OAuth access token.');
    if (url.searchParams.get('appsecret_proof') !== proof) {
      return error(400, 100, 'Invalid appsecret_proof provided in the API argument');
    }
    if (request.method !== 'POST' || url.pathname !== `/v25.0/${this.page}/messages`) {
      return error(400, 100, `Unsupported request ${String(request.method)} ${url.pathname}`, 33);
    }
    if (type !== 'application/json') return error(400, 100, `(#100) content type ${type}`);
    const body = JSON.parse(text);
    const unknown = Object.keys(body).filter((key) => !topLevel.has(key));
    // The real one lets these pass; ours has no reason to send them.
    if (unknown.length > 0) return error(400, 100, `(#100) unknown fields ${unknown.join(', ')}`);
    if (typeof body.recipient?.id !== 'string') return error(400, 100, '(#100) The parameter recipient is required');
    if (!this.#people.has(body.recipient.id)) return error(400, 100, '(#100) No matching user found', 2018001);
    if (body.sender_action !== undefined) {
      return body.message === undefined
        ? null
        : error(400, 100, 'Cannot send both message and state at the same time.', 2018014);
    }
    if (!['RESPONSE', 'UPDATE', 'MESSAGE_TAG'].includes(body.messaging_type)) {
      return error(400, 100, '(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}');
    }
    if ((body.messaging_type === 'MESSAGE_TAG') !== (body.tag !== undefined)) {
      return error(400, 100, '(#100) Tag is required with, and only with, MESSAGE_TAG');
    }
    const { text: words, attachment, metadata = '' } = body.message ?? {};
    if (words === undefined && attachment === undefined) {
      return error(400, 100, '(#100) param message must be non-empty.');
    }
    if (words !== undefined && words.length > 2000) {
      return error(400, 100, '(#100) Length of param message[text] must be less than or equal to 2000');
    }
    if (metadata.length >= 1000) return error(400, 100, '(#100) Length of param message[metadata] is too long');
    return null;
  }
}
