import { Agent, request } from 'undici';
import type { Instance } from './instance.js';
import type { Random } from './random.js';

/** What became of a request: an answer, or a connection that ended before one. */
export type Reply = { readonly status: number; readonly text: string } | 'no_answer';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

/** How long the platform waits for an answer here, in milliseconds; shorter than the real one's five seconds. */
const answerTimeoutMs = 3_000;
/** An instance that did not answer gets nothing for this long, in milliseconds. */
const shunnedMs = 500;

/** Shares requests among the instances. It passes on failures: it repeats nothing. */
export class Balancer {
  readonly #agent = new Agent({ connections: 64, pipelining: 1 });
  readonly #shunnedUntil = new Map<Instance, number>();
  /** Instances that are being taken out of service. */
  readonly leaving = new Set<Instance>();

  constructor(
    readonly instances: readonly Instance[],
    private readonly random: Random,
  ) {}

  /** Sends one request to an instance that seems to work; `null` if none does. */
  async send(call: Call): Promise<Reply | null> {
    const now = performance.now();
    const serving = this.instances.filter((each) => each.state !== 'down' && !this.leaving.has(each));
    const willing = serving.filter((each) => (this.#shunnedUntil.get(each) ?? 0) < now);
    const candidates = willing.length > 0 ? willing : serving;
    if (candidates.length === 0) return null;
    const instance = this.random.pick(candidates);
    const reply = await this.sendTo(instance, call);
    if (reply === 'no_answer') this.#shunnedUntil.set(instance, performance.now() + shunnedMs);
    return reply;
  }

  async sendTo(instance: Instance, { timeoutMs = answerTimeoutMs, ...call }: Call): Promise<Reply> {
    try {
      const answer = await request(`${instance.url}${call.path}`, {
        method: call.method,
        headers: call.headers ?? {},
        body: call.body ?? null,
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch {
      return 'no_answer';
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
