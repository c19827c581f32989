import { DemoError } from './demo-error.js';

/** A call that the server refused, or that did not reach it. */
export class AdminCallError extends DemoError {
  override name = 'AdminCallError';

  constructor(
    message: string,
    /** The HTTP status; null: there was no answer. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Calls the admin API. What comes back is what the API documents, so callers name its type. */
export class AdminClient {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  get<Answer>(path: string): Promise<Answer> {
    return this.#call('GET', path);
  }

  post<Answer>(path: string, body?: object): Promise<Answer> {
    return this.#call('POST', path, body);
  }

  put<Answer>(path: string, body: object): Promise<Answer> {
    return this.#call('PUT', path, body);
  }

  async #call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    if (!response.ok) {
      throw new AdminCallError(
        `${method} ${path} was answered with ${response.status}: ${detailOf(text)}`,
        response.status,
      );
    }
    return JSON.parse(text) as Answer;
  }

  async #fetch(method: string, path: string, body: object | undefined): Promise<Response> {
    try {
      return await fetch(`${this.url}/api/v1/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new AdminCallError(`${this.url} does not answer.`, null, { cause: error });
    }
  }
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: string };
    return detail ?? text;
  } catch {
    return text.slice(0, 500);
  }
}
