/**
 * Reads a Graph API request the way the platform does, which is far looser than any one framework: a client of any age
 * may send its parameters as JSON, as a form, in the query string, or in all of them at once, and label them wrongly.
 * Whatever the form, what comes out is one object of parameters, a normalised path, a verb and the credentials.
 *
 * - The query string and the body are one set of parameters. A name in both: the query string's value counts, since the
 *   platform looks there first for the access token and one rule for all names is easier to remember. A name twice in
 *   one place: the last value counts.
 * - What a body is follows from its content, not from its label: only `multipart/form-data` is believed, since its
 *   boundary stands in the header; text that begins with `{` or `[` is JSON; other text is a form, unless it calls
 *   itself JSON. An empty body is no parameters, under any label and any verb.
 * - Values of forms stay text, as do JSON texts inside them: see `decodeJsonText`.
 */
import { readFields, readUrlEncoded } from './form-fields.js';
import { MalformedJson, parseLenientJson, type JsonObject } from './lenient-json.js';
import type { UploadedFile } from '../channels/channel.js';
import { MalformedMultipart, readMultipart } from './multipart.js';

/** A request as it came off the wire. */
export interface RawRequest {
  readonly method: string;
  /** Path and query string, undecoded. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export type Parameters = Readonly<JsonObject>;

/** A request as the endpoints see it. Secrets are kept out of the parameters, which may be logged or echoed. */
export interface GraphRequest {
  /** The verb, after a `method` parameter had its say. */
  readonly method: string;
  /** Such as `v12.0`; null for an unversioned call. */
  readonly version: string | null;
  /** The path without its version, decoded, without empty segments: `['me', 'messages']`. */
  readonly path: readonly string[];
  readonly parameters: Parameters;
  readonly files: readonly UploadedFile[];
  readonly accessToken: string | null;
  readonly appsecretProof: string | null;
}

/** A body that cannot be read; the message says why, in words for the caller. */
export class UnreadableRequest extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreadableRequest';
  }
}

/** @throws UnreadableRequest if the body is malformed JSON, JSON other than an object, or a malformed multipart form. */
export async function readGraphRequest(request: RawRequest): Promise<GraphRequest> {
  const [rawPath = '', ...query] = request.url.split('?');
  const inQuery = readUrlEncoded(query.join('?'));
  const { parameters: inBody, files } = await readBody(headerOf(request, 'content-type'), request.body);
  const credential = (name: string) => textOf(inQuery[name]) ?? textOf(inBody[name]);
  const accessToken = credential('access_token') ?? tokenOf(headerOf(request, 'authorization'));
  const appsecretProof = credential('appsecret_proof');

  const parameters = Object.assign(Object.create(null) as JsonObject, inBody, inQuery); // see readFields on prototypes
  const method = verbOf(request.method, parameters['method']);
  for (const name of ['access_token', 'appsecret_proof', 'method']) delete parameters[name];
  return { method, ...readPath(rawPath), parameters, files, accessToken, appsecretProof };
}

async function readBody(
  contentType: string,
  body: Buffer,
): Promise<{ parameters: JsonObject; files: readonly UploadedFile[] }> {
  if (/^\s*multipart\/form-data/i.test(contentType) && body.length > 0) {
    try {
      const form = await readMultipart(contentType, body);
      return { parameters: readFields(form.fields), files: form.files };
    } catch (error) {
      if (error instanceof MalformedMultipart) {
        throw new UnreadableRequest(`The request body is not a valid multipart form: ${error.message}`, {
          cause: error,
        });
      }
      throw error;
    }
  }
  const text = body
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (text === '') return { parameters: {}, files: [] };
  if (/^[[{]/.test(text) || isJson(contentType)) return { parameters: readJsonBody(text), files: [] };
  return { parameters: readUrlEncoded(text), files: [] };
}

function isJson(contentType: string): boolean {
  return /^\s*[\w.-]+\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType);
}

function readJsonBody(text: string): JsonObject {
  try {
    const value = parseLenientJson(text);
    if (value === null) return {}; // what some clients send when they have nothing to say
    if (typeof value === 'object' && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    throw new UnreadableRequest(`The request body is not valid JSON: ${error.message}`, { cause: error });
  }
  throw new UnreadableRequest('The request body must be a JSON object');
}

/** `method=delete` turns a GET or POST into another verb, for clients that can send no other. */
function verbOf(method: string, override: unknown): string {
  const verb = method.toUpperCase();
  if ((verb !== 'GET' && verb !== 'POST') || typeof override !== 'string') return verb;
  const wanted = override.toUpperCase();
  return ['GET', 'POST', 'PUT', 'DELETE'].includes(wanted) ? wanted : verb;
}

/** Versions begin at 2.6, where the messaging API began; what looks like an older one is a path segment like any other. */
function readPath(rawPath: string): { version: string | null; path: string[] } {
  const segments = rawPath
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
  const [, major, minor] = /^v(\d{1,4})\.(\d{1,4})$/.exec(segments[0] ?? '') ?? [];
  const versioned = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6);
  return versioned ? { version: segments[0] ?? null, path: segments.slice(1) } : { version: null, path: segments };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a stray percent sign
  }
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function tokenOf(authorization: string): string | null {
  return /^\s*(?:bearer|oauth)\s+(\S+)\s*$/i.exec(authorization)?.[1] ?? null;
}

function headerOf(request: RawRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}
