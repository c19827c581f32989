import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Agent } from 'undici';
import { exchange } from '../../callback/exchange.js';
import { Settings } from '../../config/settings.js';
import { parseJson, toWireJson } from '../../domain/wire-json.js';
import type { UploadedFile } from '../channel.js';

/** One call of the platform's Graph API. */
export interface MetaCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Such as `['104700000000001', 'messages']`. */
  readonly path: readonly string[];
  /** The page's token at the platform. */
  readonly token: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly files?: readonly UploadedFile[];
}

/** How a call of the platform ended. */
export type MetaAnswer =
  /** `body` null: it is no JSON object. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: Record<string, unknown> | null;
      /** Those that clients of the platform read. */
      readonly headers: Readonly<Record<string, string>>;
    }
  /** The platform has not seen it. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** The platform may have done it. */
  | { readonly kind: 'unknown'; readonly reason: string };

const connectTimeoutMs = 3_000;
const answerBytesMax = 4 * 1024 * 1024;

/** What is passed on of an answer's headers: how much of the limits is used up, and what names the call there. */
const headersRead = [
  'x-app-usage',
  'x-page-usage',
  'x-business-use-case-usage',
  'x-fb-request-id',
  'x-fb-rev',
  'x-fb-debug',
  'retry-after',
  'www-authenticate',
] as const;

/** Calls the platform's Graph API, once: whether to call again is not decided here. */
@Injectable()
export class MetaGraphClient implements OnModuleDestroy {
  readonly #agent = new Agent({ connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });

  constructor(private readonly settings: Settings) {}

  async call({ method, path, token, parameters, files = [] }: MetaCall): Promise<MetaAnswer> {
    const { META_GRAPH_URL, META_SEND_TIMEOUT_MS } = this.settings.values;
    const url = new URL([META_GRAPH_URL.replace(/\/+$/, ''), ...path.map(encodeURIComponent)].join('/'));
    const proof = this.#proofOf(token);
    if (proof !== null) url.searchParams.set('appsecret_proof', proof);
    if (method !== 'POST') for (const [name, value] of textsOf(parameters)) url.searchParams.set(name, value);
    const body = method === 'POST' ? await bodyOf(parameters, files) : null;
    const answer = await exchange(this.#agent, {
      url,
      method,
      // In a header, so that it is in no address that anybody logs.
      headers: { authorization: `Bearer ${token}`, ...(body !== null && { 'content-type': body.type }) },
      ...(body !== null && { body: body.bytes }),
      timeoutMs: META_SEND_TIMEOUT_MS,
      answerBytesMax,
      keepBody: true,
    });
    const reason = answer.error ?? 'no answer';
    if (!answer.begun) return { kind: 'unreachable', reason };
    // An answer that broke off may have said anything.
    if (answer.status === undefined || answer.error !== undefined) return { kind: 'unknown', reason };
    return {
      kind: 'answered',
      status: answer.status,
      body: readObject(answer.body.toString('utf8')),
      headers: headersOf(answer.headers),
    };
  }

  async onModuleDestroy(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Proves that the holder of the token is the app itself; apps may be set to require it. */
  #proofOf(token: string): string | null {
    const secret = this.settings.values.META_APP_SECRET;
    return secret === undefined ? null : createHmac('sha256', secret).update(token).digest('hex');
  }
}

async function bodyOf(
  parameters: MetaCall['parameters'],
  files: readonly UploadedFile[],
): Promise<{ type: string; bytes: Buffer }> {
  if (files.length === 0) return { type: 'application/json', bytes: Buffer.from(toWireJson(parameters)) };
  const form = new FormData();
  for (const [name, value] of textsOf(parameters)) form.set(name, value);
  for (const { name, fileName, contentType, content } of files) {
    form.set(name, new Blob([new Uint8Array(content)], { type: contentType }), fileName);
  }
  // Writes the form as a browser would.
  const written = new Response(form);
  return {
    type: written.headers.get('content-type') ?? '',
    bytes: Buffer.from(await written.arrayBuffer()),
  };
}

/** Parameters as queries and forms carry them: what is structured as its JSON text. */
function textsOf(parameters: MetaCall['parameters']): [name: string, value: string][] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === 'string' ? value : toWireJson(value)]],
  );
}

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    headersRead.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function readObject(text: string): Record<string, unknown> | null {
  try {
    const parsed = parseJson(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
