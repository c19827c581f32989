import type { Channel } from '../../src/domain/page.js';
import { newPerson } from './shop.js';
import type { TestSignalbox } from './signalbox.js';
import { shop } from './thread-fixtures.js';

const lookEveryMs = 250;
/** A failure guard only: nothing waits this long when things work. */
const deadlineMs = 30_000;

/** A simulated person of the shop's page, in stories where programs of others answer. */
export class Customer {
  constructor(
    private readonly signalbox: TestSignalbox,
    readonly channel: Channel = 'messenger',
    readonly psid: string = newPerson(),
  ) {}

  /** Does something, as the simulator is told. */
  async does(action: object): Promise<void> {
    await this.#ask('POST', `/api/v1/simulator/pages/${shop}/people/${this.psid}/actions`, {
      channel: this.channel,
      ...action,
    });
  }

  /** An operator passes the thread. */
  async passTo(app: string): Promise<void> {
    const reason = 'the story begins here';
    await this.#ask('POST', `/api/v1/threads/${shop}/${this.psid}/control`, { action: 'pass', app_id: app, reason });
  }

  /** What the person has in front of them, oldest first. */
  async messages(): Promise<any[]> {
    return (await this.#ask('GET', `/api/v1/simulator/pages/${shop}/people/${this.psid}/messages?limit=200`)).data;
  }

  thread(): Promise<any> {
    return this.#ask('GET', `/api/v1/threads/${shop}/${this.psid}`);
  }

  /** Everything that happened in the thread, oldest first. */
  async events(): Promise<any[]> {
    return (await this.#ask('GET', `/api/v1/threads/${shop}/${this.psid}/events?limit=200`)).data;
  }

  /** Resolves with the first message of an app that has this text. */
  hears(text: string): Promise<any> {
    return this.until(`the message ${JSON.stringify(text)}`, async () =>
      (await this.messages()).find((message) => message.from === 'app' && message.text === text),
    );
  }

  /** Resolves once this app has the thread. */
  belongsTo(app: string): Promise<any> {
    return this.until(`the owner ${app}`, async () => {
      const thread = await this.thread();
      return thread.owner_app_id === app ? thread : undefined;
    });
  }

  /** Looks at once, after every commit and, as other instances commit as well, every so often; resolves with the find. */
  until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(guard);
        clearInterval(looking);
        unsubscribe();
        settle();
      };
      const tryOnce = () => {
        look().then(
          (found) => found !== undefined && end(() => resolve(found)),
          (error: unknown) => end(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      };
      const unsubscribe = this.signalbox.core.committedRows.subscribe(tryOnce);
      const looking = setInterval(tryOnce, lookEveryMs);
      const guard = setTimeout(() => {
        void this.events().then((events) => {
          const story = events.map(({ type, payload }) => `${type} ${JSON.stringify(payload)}`).join('\n');
          end(() => reject(new Error(`${what} did not come. What happened:\n${story}`)));
        });
      }, deadlineMs);
      tryOnce();
    });
  }

  async #ask(method: string, path: string, body?: object): Promise<any> {
    const answer = await this.signalbox.api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
