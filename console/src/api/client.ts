import { problemOf, Unreachable } from './problem.js';

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

interface Call {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Makes a repeated call have one effect. */
  readonly idempotencyKey?: string;
}

/** The address of a resource; what is null, undefined or empty is left out of the query. */
export function apiUrl(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

/** A path with its parts escaped: refs and ids may hold any character. */
export function path(strings: TemplateStringsArray, ...parts: string[]): string {
  return String.raw({ raw: strings }, ...parts.map(encodeURIComponent));
}

/**
 * One call of Signalbox's own API with the session's cookie. Throws `ApiProblem` for an error answer and `Unreachable`
 * without one. `Answer` is what the route's schema says; answers come from our own server and are not checked again.
 */
async function call<Answer>(method: string, to: string, { query, body, signal, idempotencyKey }: Call = {}) {
  const headers: Record<string, string> = { accept: 'application/json', 'x-signalbox-console': '1' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  let response: Response;
  try {
    response = await fetch(apiUrl(to, query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Unreachable({ cause: error });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401) signedOut.dispatchEvent(new Event('signed-out'));
    throw problem;
  }
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** Tells that a call was refused because nobody is signed in (any more). */
export const signedOut = new EventTarget();

export const api = {
  get: <Answer>(to: string, query?: Query, signal?: AbortSignal) =>
    call<Answer>('GET', to, { ...(query !== undefined && { query }), ...(signal !== undefined && { signal }) }),
  post: <Answer>(to: string, body?: unknown, idempotencyKey?: string) =>
    call<Answer>('POST', to, { body, ...(idempotencyKey !== undefined && { idempotencyKey }) }),
  put: <Answer>(to: string, body: unknown) => call<Answer>('PUT', to, { body }),
  patch: <Answer>(to: string, body: unknown) => call<Answer>('PATCH', to, { body }),
  delete: <Answer>(to: string) => call<Answer>('DELETE', to),
};
