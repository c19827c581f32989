/** An answer of the API that is an error, as problem details (RFC 9457). `detail` is a sentence for people. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    readonly traceId: string | null,
    /** What is wrong with which part of the request; the path is dotted. */
    readonly errors: readonly { readonly path: string; readonly message: string }[],
  ) {
    super(detail);
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {
  override name = 'Unreachable';

  constructor(options?: ErrorOptions) {
    super('The server does not answer. What you see may be old; the console tries again by itself.', options);
  }
}

/** Reads the problem out of an error answer; proxies in between may answer with anything. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  const text = (name: string) => {
    const value: unknown = isObject(body) ? body[name] : undefined;
    return typeof value === 'string' ? value : null;
  };
  const errors: unknown = isObject(body) ? body['errors'] : undefined;
  return new ApiProblem(
    response.status,
    text('code') ?? 'unknown',
    text('title') ?? `The server answered ${response.status}`,
    text('detail') ?? `The server answered ${response.status} ${response.statusText}.`.replace(' .', '.'),
    text('trace_id'),
    Array.isArray(errors) ? errors.filter(isFieldError) : [],
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFieldError(value: unknown): value is { path: string; message: string } {
  return isObject(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';
}

/** What to tell a person about anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return 'Something went wrong in the console itself. Reload the page; if it happens again, report what you did.';
}
