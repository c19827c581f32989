import { Injectable, Logger } from '@nestjs/common';
import type { CallOrigin } from './graph-call.js';
import { defaultVersion, GraphDispatcher } from './graph-dispatcher.js';
import { toGraphError } from './graph-error.filter.js';
import { GraphError } from './graph-error.js';
import { isObject, readFlag, readObject, readObjects, readText, type Fields } from './parameter-values.js';
import { readGraphRequest, type GraphRequest, type RawRequest } from './request-parameters.js';
import { referencedNames, resolveReferences, resolveWithin } from './result-references.js';

/** How many operations a batch may have. */
const operationsMax = 50;

/** One operation of a batch, read. */
interface Operation {
  readonly name: string | null;
  /** The names of those that must have succeeded before. */
  readonly needs: readonly string[];
  /** Whether its answer is left out if it succeeds. */
  readonly omitted: boolean;
  /** What it asks for; an error if that cannot be read. */
  readonly request: GraphRequest | GraphError;
}

interface OperationAnswer {
  readonly status: number;
  readonly version: string;
  readonly body: object;
  /** Those that not every answer has. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Whether a request carries several others. */
export function isBatch({ method, path, parameters }: GraphRequest): boolean {
  const atRoot = path.length === 0 || (path.length === 1 && path[0] === 'me');
  return method === 'POST' && atRoot && parameters['batch'] !== undefined;
}

/**
 * Several operations in one request. Each is answered as if it had come alone, with its own token or that of the request.
 * They run one after the other in the order of the batch, except that one that others need runs before them: messages
 * to one person then arrive in the order a client wrote them in.
 */
@Injectable()
export class GraphBatch {
  private readonly logger = new Logger('graph-api');

  constructor(private readonly dispatcher: GraphDispatcher) {}

  /** The answers, in the order of the operations. @throws GraphError if the batch as a whole is refused. */
  async answer(request: GraphRequest, origin: CallOrigin): Promise<object> {
    const given = readObjects(request.parameters, 'batch', 'batch', Number.POSITIVE_INFINITY) ?? [];
    if (given.length === 0) throw new GraphError('parameter_required', 'batch');
    if (given.length > operationsMax) throw new GraphError('batch_too_large', operationsMax);
    const withHeaders = readFlag(request.parameters, 'include_headers', 'include_headers') ?? true;
    const operations = await readOperations(given, request);

    const answers = new Map<Operation, OperationAnswer>();
    for (const operation of operations) await this.finish(operation, operations, answers, [], origin);
    return operations.map((operation) => {
      const answer = answers.get(operation);
      if (answer === undefined || (operation.omitted && answer.status === 200)) return null;
      const { status, version, body, headers } = answer;
      return {
        code: status,
        ...(withHeaders && {
          headers: [
            { name: 'Content-Type', value: 'application/json; charset=UTF-8' },
            { name: 'facebook-api-version', value: version },
            { name: 'x-fb-trace-id', value: origin.traceId },
            ...[...headers].map(([name, value]) => ({ name, value })),
          ],
        }),
        body: JSON.stringify(body),
      };
    });
  }

  /** Answers an operation after those it needs. `waiting` are the ones that need it: it must not need them in turn. */
  private async finish(
    operation: Operation,
    all: readonly Operation[],
    answers: Map<Operation, OperationAnswer>,
    waiting: readonly Operation[],
    origin: CallOrigin,
  ): Promise<OperationAnswer | null> {
    const known = answers.get(operation);
    if (known !== undefined) return known;
    if (waiting.includes(operation)) return null;
    const bodies = new Map<string, object>();
    let failure: GraphError | null = null;
    for (const name of operation.needs) {
      const needed = all.find((candidate) => candidate.name === name);
      const answer =
        needed === undefined ? null : await this.finish(needed, all, answers, [...waiting, operation], origin);
      if (answer?.status === 200) bodies.set(name, answer.body);
      else failure ??= new GraphError('batch_dependency_failed', name);
    }
    const answer = await this.perform(operation, failure, (name) => bodies.get(name), origin);
    answers.set(operation, answer);
    return answer;
  }

  private async perform(
    { request }: Operation,
    failure: GraphError | null,
    bodyOf: (name: string) => unknown,
    origin: CallOrigin,
  ): Promise<OperationAnswer> {
    const version = request instanceof GraphError ? null : request.version;
    const headers = new Map<string, string>();
    const setHeader = (name: string, value: string) => {
      headers.set(name, value);
      origin.setHeader(name, value);
    };
    try {
      if (request instanceof GraphError) throw request;
      if (failure !== null) throw failure;
      const body = await this.dispatcher.answer(withResults(request, bodyOf), { ...origin, setHeader });
      return { status: 200, version: version ?? defaultVersion, body, headers };
    } catch (thrown) {
      const error = toGraphError(thrown);
      if (error.reason === 'unknown_error') {
        this.logger.error({ err: thrown, traceId: origin.traceId }, 'an operation of a batch failed');
      }
      headers.set('www-authenticate', error.authenticate);
      for (const [name, value] of Object.entries(error.headers)) headers.set(name, value);
      const body = error.envelope(origin.traceId);
      return { status: error.status, version: version ?? defaultVersion, body, headers };
    }
  }
}

function withResults(request: GraphRequest, bodyOf: (name: string) => unknown): GraphRequest {
  return {
    ...request,
    path: request.path.map((segment) => resolveReferences(segment, bodyOf)),
    parameters: resolveWithin(request.parameters, bodyOf),
  };
}

async function readOperations(given: readonly Fields[], outer: GraphRequest): Promise<Operation[]> {
  const requests = await Promise.all(
    given.map((fields, index) => readOperationRequest(fields, index, outer).catch(toGraphError)),
  );
  const references = requests.map((request) =>
    request instanceof GraphError ? [] : referencedNames([...request.path, request.parameters]),
  );
  return given.map((fields, index) => {
    const path = `batch[${index}]`;
    const name = readText(fields, 'name', `${path}[name]`, 200);
    const after = readText(fields, 'depends_on', `${path}[depends_on]`, 1000)?.split(',') ?? [];
    const omitted = readFlag(fields, 'omit_response_on_success', `${path}[omit_response_on_success]`);
    const request = requests[index];
    if (request === undefined) throw new Error('every operation has a request');
    return {
      name,
      needs: [...new Set([...after.map((one) => one.trim()), ...(references[index] ?? [])])],
      // Whoever uses an answer inside the batch rarely wants it as well: the platform leaves it out unless told not to.
      omitted: omitted ?? (name !== null && references.some((names) => names.includes(name))),
      request,
    };
  });
}

/** What an operation would be as a request of its own. */
async function readOperationRequest(fields: Fields, index: number, outer: GraphRequest): Promise<GraphRequest> {
  const path = `batch[${index}]`;
  const method = readText(fields, 'method', `${path}[method]`, 10);
  const relativeUrl = readText(fields, 'relative_url', `${path}[relative_url]`, Number.POSITIVE_INFINITY);
  if (method === null) throw new GraphError('parameter_required', `${path}[method]`);
  if (relativeUrl === null) throw new GraphError('parameter_required', `${path}[relative_url]`);
  const request = await readGraphRequest({
    method,
    url: `/${relativeUrl.replace(/^https?:\/\/[^/?]*/i, '')}`,
    headers: readHeaders(fields, path),
    body: Buffer.from(readBodyText(fields, path)),
  });
  const ownToken = request.accessToken ?? readText(fields, 'access_token', `${path}[access_token]`, 1000);
  const sameToken = ownToken === null || ownToken === outer.accessToken;
  const attached = readText(fields, 'attached_files', `${path}[attached_files]`, 1000)?.split(',') ?? [];
  return {
    ...request,
    version: request.version ?? outer.version,
    accessToken: ownToken ?? outer.accessToken,
    // A proof is for one token.
    appsecretProof: request.appsecretProof ?? (sameToken ? outer.appsecretProof : null),
    files: outer.files.filter(({ name }) => attached.some((one) => one.trim() === name)),
  };
}

/** The body is text as a form has it; some clients send the object itself. */
function readBodyText(fields: Fields, path: string): string {
  const { body } = fields;
  if (isObject(body)) return JSON.stringify(body);
  return readText(fields, 'body', `${path}[body]`, Number.POSITIVE_INFINITY) ?? '';
}

/** Headers come as an object, or as a list of `{name, value}`. */
function readHeaders(fields: Fields, path: string): RawRequest['headers'] {
  const at = `${path}[headers]`;
  const pairs = Array.isArray(fields['headers'])
    ? (readObjects(fields, 'headers', at, 100) ?? []).map((header) => [
        readText(header, 'name', `${at}[name]`, 200) ?? '',
        readText(header, 'value', `${at}[value]`, 10_000) ?? '',
      ])
    : Object.entries(readObject(fields, 'headers', at) ?? {}).map(([name, value]) => [name, String(value)]);
  const headers = Object.create(null) as Record<string, string>;
  for (const [name = '', value = ''] of pairs) headers[name.toLowerCase()] = value;
  return headers;
}
