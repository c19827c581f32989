/** What a client of the Graph API gets back, without a client library in between. */
export interface GraphAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: any;
}

/** Calls the Graph API with nothing added to what is given. */
export async function callGraph(url: string, init: RequestInit = {}): Promise<GraphAnswer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/** A client of one app on one page: its token in the query, JSON in the body. */
export class GraphClient {
  constructor(
    private readonly baseUrl: string,
    readonly token: string,
  ) {}

  get(path: string): Promise<GraphAnswer> {
    return callGraph(this.addressOf(path));
  }

  post(path: string, body: unknown = {}): Promise<GraphAnswer> {
    return callGraph(this.addressOf(path), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  delete(path: string): Promise<GraphAnswer> {
    return callGraph(this.addressOf(path), { method: 'DELETE' });
  }

  private addressOf(path: string): string {
    const separator = path.includes('?') ? '&' : '?';
    return `${this.baseUrl}${path}${separator}access_token=${encodeURIComponent(this.token)}`;
  }
}
