import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one call: the platform's own refusals, and those of the way there. */
export type Fault =
  | { readonly answer: PlatformAnswer }
  /** The message is out or not, its echo comes or not; the answer does not come. */
  | { readonly silent: true; readonly sends: boolean; readonly echoes: boolean }
  /** The echo comes before the answer. */
  | { readonly echoFirst: true };

interface PlatformAnswer {
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PlatformCall {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  /** What the query or the body says. */
  readonly body: any;
  readonly files: readonly { readonly name: string; readonly type: string; readonly bytes: Buffer }[];
}

/** How much of the limits is used up, as the platform tells with every answer. */
export const usage = {
  'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":25}',
  'x-business-use-case-usage':
    '{"104700000000071":[{"type":"messenger","call_count":12,"total_cputime":4,"total_time":5,"estimated_time_to_regain_access":0}]}',
};

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
export const rateLimited = {
  ...error(400, 613, '(#613) Calls to this api have exceeded the rate limit.'),
  headers: {
    'x-business-use-case-usage':
      '{"104700000000071":[{"type":"messenger","call_count":100,"total_cputime":4,"total_time":5,"estimated_time_to_regain_access":7}]}',
  },
};
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

/** What a page can be subscribed to, in its own spelling alone. */
const pageFields = new Set([
  ...['messages', 'message_echoes', 'message_deliveries', 'message_reads', 'message_reactions', 'message_edits'],
  ...['messaging_postbacks', 'messaging_referrals', 'messaging_handovers', 'messaging_optins', 'standby', 'feed'],
]);

const persona = '1866000000000001';
/** Something of the page's that has nothing to do with conversations, and that its token can read and delete. */
export const photo = '1877000000000001';

/** Where the platform keeps a file that was uploaded. */
const fileUrl = 'https://cdn.example/uploaded';

/** Reads a call as the platform gets it from us: queries of texts, bodies of JSON, forms with JSON texts and files. */
async function readCall(request: IncomingMessage, url: URL, bytes: Buffer): Promise<PlatformCall | PlatformAnswer> {
  const method = request.method ?? '';
  const path = url.pathname.replace(/^\/v25\.0/, '');
  const type = request.headers['content-type'] ?? '';
  if (method !== 'POST') {
    url.searchParams.delete('appsecret_proof');
    return { method, path, body: Object.fromEntries(url.searchParams), files: [] };
  }
  if (type === 'application/json') return { method, path, body: JSON.parse(bytes.toString()), files: [] };
  if (type === 'application/x-www-form-urlencoded') {
    return { method, path, body: Object.fromEntries(new URLSearchParams(bytes.toString())), files: [] };
  }
  if (!type.startsWith('multipart/form-data; boundary=')) return error(400, 100, `(#100) content type ${type}`);
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
  const body: Record<string, unknown> = {};
  const files: { name: string; type: string; bytes: Buffer }[] = [];
  for (const [name, value] of form) {
    if (typeof value !== 'string')
      files.push({ name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) });
    else body[name] = /^[{[]/.test(value) ? JSON.parse(value) : value;
  }
  return { method, path, body, files };
}

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
  readonly #profile: Record<string, unknown> = {};
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

  /** What the platform reports of a thread that another of the page's apps there has. */
  async standby(item: { sender: { id: string } }, entry: object = {}): Promise<number> {
    this.#people.add(item.sender.id);
    const entries = [{ time: Date.now(), id: this.page, standby: [item], ...entry }];
    return this.deliver(JSON.stringify({ object: 'page', entry: entries }));
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
    return this.deliver(
      JSON.stringify({
        object: instagram ? 'instagram' : 'page',
        entry: [{ time: Date.now(), id, messaging: [item] }],
      }),
    );
  }

  /** Posts a webhook's body, signed: again, in another order, or as the platform never would. */
  async deliver(body: string): Promise<number> {
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
    const url = new URL(request.url ?? '', this.url);
    const answer = ({ status, body: said, headers }: PlatformAnswer) => {
      const type = typeof said === 'string' ? 'text/html' : 'application/json; charset=UTF-8';
      response.writeHead(status, { 'content-type': type, ...usage, ...headers });
      response.end(typeof said === 'string' ? said : JSON.stringify(said));
    };
    const refusal = this.#refusalOf(request, url);
    if (refusal !== null) return answer(refusal);
    const call = await readCall(request, url, Buffer.concat(chunks));
    if ('status' in call) return answer(call);
    const { body } = call;
    const isSend = call.method === 'POST' && call.path === `/${this.page}/messages`;
    const malformed = isSend ? this.#refusalOfSend(call) : null;
    if (malformed !== null) return answer(malformed);
    this.calls.push(call);

    const fault = this.faults.shift() ?? null;
    if (fault !== null && 'answer' in fault) return answer(fault.answer);
    if (!isSend) return answer(this.#answerOf(call));
    const person: string = body.recipient.id;
    if (body.message === undefined) return answer({ status: 200, body: { recipient_id: person } });
    const instagram = person.startsWith('8');
    const mid = this.#newMid(instagram);
    const { metadata, ...shown } = body.message;
    const message = {
      mid,
      ...shown,
      ...(shown.attachment !== undefined && {
        attachment: undefined,
        attachments: [call.files.length > 0 ? { ...shown.attachment, payload: { url: fileUrl } } : shown.attachment],
      }),
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
    const reusable = call.files.length > 0 && shown.attachment.payload.is_reusable === true;
    answer({
      status: 200,
      body: { recipient_id: person, message_id: mid, ...(reusable && { attachment_id: '1857000000000001' }) },
    });
    if (!echoFirst && this.echoes) await this.echo(person, message, instagram);
  }

  #refusalOf(request: IncomingMessage, url: URL): PlatformAnswer | null {
    const { authorization = '' } = request.headers;
    const proof = createHmac('sha256', this.appSecret).update(this.token).digest('hex');
    if (authorization !== `Bearer ${this.token}`) return error(400, 190, 'Invalid OAuth access token.');
    // The gateway always proves its token; operators at their terminals do not, and the platform does not insist.
    const given = url.searchParams.get('appsecret_proof');
    if (given !== proof && !(given === null && url.pathname.endsWith('/subscribed_apps'))) {
      return error(400, 100, 'Invalid appsecret_proof provided in the API argument');
    }
    return null;
  }

  /** What the platform keeps and knows beside the conversations. */
  #answerOf({ method, path, body, files }: PlatformCall): PlatformAnswer {
    const [, node = '', edge = null] = path.split('/');
    const unsupported = error(
      400,
      100,
      `Unsupported ${method.toLowerCase()} request. Object with ID '${node}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
      33,
    );
    const ok = (said: object) => ({ status: 200, body: said });
    switch (`${method} ${node === this.page || node === this.instagram ? '{page}' : '{object}'}/${edge ?? ''}`) {
      case 'GET {page}/messenger_profile': {
        const names = String(body.fields).split(',');
        const kept = Object.entries(this.#profile).filter(([name]) => names.includes(name));
        return ok({ data: kept.length === 0 ? [] : [Object.fromEntries(kept)] });
      }
      case 'POST {page}/messenger_profile':
        Object.assign(this.#profile, body);
        return ok({ result: 'success' });
      case 'DELETE {page}/messenger_profile':
        for (const name of String(body.fields).split(',')) delete this.#profile[name];
        return ok({ result: 'success' });
      case 'POST {page}/message_attachments': {
        const attachment = body.message?.attachment;
        if (files.length === 0 && attachment?.payload?.url === undefined) {
          return error(400, 100, '(#100) Upload attachment failure.', 2018047);
        }
        return ok({ attachment_id: '1857000000000001' });
      }
      case 'POST {page}/subscribed_apps': {
        const unknown = String(body.subscribed_fields)
          .split(',')
          .findIndex((name) => !pageFields.has(name));
        return unknown < 0
          ? ok({ success: true })
          : error(
              400,
              100,
              `(#100) Param subscribed_fields[${unknown}] must be one of {${[...pageFields].join(', ')}}`,
            );
      }
      case 'POST {page}/personas':
        return ok({ id: persona });
      case 'GET {page}/personas': {
        // Two pages of them, so that who wants them all has to go on.
        const cursors = { before: 'QQ', after: 'QQ' };
        return body.after === undefined
          ? ok({ data: [{ id: '1866000000000009' }], paging: { cursors, next: `${this.url}/${this.page}/personas` } })
          : ok({ data: [{ id: persona }], paging: { cursors } });
      }
      case 'GET {page}/custom_labels':
        return ok({ data: [] });
      case 'GET {page}/conversations':
        return ok({
          data: [{ id: 't_1002', updated_time: '2026-01-01T00:00:00+0000' }],
          paging: { next: `${this.url}/${this.page}/conversations?access_token=${this.token}&limit=25&after=MTIz` },
        });
      case 'GET {object}/':
        if (this.#people.has(node)) return ok({ first_name: 'Ada', last_name: 'Lovelace', id: node });
        return node === 't_1002' || node === persona || node === photo ? ok({ id: node }) : unsupported;
      case 'DELETE {object}/':
        return node === persona || node === photo ? ok({ success: true }) : unsupported;
      default:
        return unsupported;
    }
  }

  #refusalOfSend({ body, files }: PlatformCall): PlatformAnswer | null {
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
    if (!['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY'].includes(body.messaging_type)) {
      return error(400, 100, '(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}');
    }
    if ((body.messaging_type === 'MESSAGE_TAG') !== (body.tag !== undefined)) {
      return error(400, 100, '(#100) Tag is required with, and only with, MESSAGE_TAG');
    }
    const { text: words, attachment, metadata = '' } = body.message ?? {};
    if (words === undefined && attachment === undefined) {
      return error(400, 100, '(#100) param message must be non-empty.');
    }
    if (attachment !== undefined) {
      const { type, payload = {} } = attachment;
      const isKnown = payload.url !== undefined || payload.attachment_id !== undefined || files.length === 1;
      if (type === 'template' ? payload.template_type === undefined : !isKnown) {
        return error(400, 100, '(#100) Upload attachment failure.', 2018047);
      }
    }
    if (words !== undefined && words.length > 2000) {
      return error(400, 100, '(#100) Length of param message[text] must be less than or equal to 2000');
    }
    if (metadata.length >= 1000) return error(400, 100, '(#100) Length of param message[metadata] is too long');
    return null;
  }
}
