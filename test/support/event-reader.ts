/** One server-sent event. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string;
  readonly data: any;
}

/** A failure guard only: nothing waits this long when things work. */
const deadlineMs = 30_000;

/** A reader of server-sent events over real HTTP. */
export class EventReader {
  readonly events: ReadEvent[] = [];
  ended = false;
  readonly #waiting = new Set<() => void>();
  readonly #connection = new AbortController();

  private constructor(readonly status: number) {}

  /** Resolves when the stream has begun; one that `greets` has by then said from where. */
  static async open(url: string, headers: Record<string, string>, greets = true): Promise<EventReader> {
    const connection = new AbortController();
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: connection.signal,
    });
    const reader = new EventReader(response.status);
    reader.#connection.signal.addEventListener('abort', () => connection.abort());
    void reader
      .#read(response)
      .catch(() => undefined)
      .finally(() => {
        reader.ended = true;
        for (const look of reader.#waiting) look();
      });
    if (greets) await reader.waitFor(({ event }) => event === 'connected');
    return reader;
  }

  /** The first event that fits, come or yet to come. */
  async waitFor(fits: (event: ReadEvent) => boolean): Promise<ReadEvent> {
    await this.until(() => this.events.some(fits));
    const found = this.events.find(fits);
    if (found === undefined)
      throw new Error(`the stream ended after ${this.events.map(({ event }) => event).join(', ')}`);
    return found;
  }

  /** Resolves once `done`, or when the stream has ended. */
  async until(done: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const guard = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new Error(
            `waited in vain; read: ${JSON.stringify(this.events.map(({ event, data }) => [event, data.type]))}`,
          ),
        );
      }, deadlineMs);
      const look = () => {
        if (!done() && !this.ended) return;
        clearTimeout(guard);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    this.#connection.abort();
  }

  async #read(response: Response): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
        const data = field('data');
        if (data !== undefined)
          this.events.push({ event: field('event') ?? '', id: field('id') ?? '', data: JSON.parse(data) });
      }
      for (const look of this.#waiting) look();
    }
  }
}
