import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BotReport } from './bot.js';
import { DemoError } from './demo-error.js';

const program = fileURLToPath(new URL('./bot.js', import.meta.url));

export interface BotSettings {
  readonly bot: 'marketing' | 'support';
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly pageToken: string;
  readonly graphUrl: string;
}

/** A bot in a process of its own. */
export class BotProcess {
  readonly #waiting: (() => void)[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Everything it has received so far, oldest first. */
    readonly reports: BotReport[],
  ) {}

  static start({ bot, appSecret, verifyToken, pageToken, graphUrl }: BotSettings): Promise<BotProcess> {
    const child = spawn(process.execPath, [program], {
      env: {
        BOT: bot,
        PORT: '0',
        APP_SECRET: appSecret,
        VERIFY_TOKEN: verifyToken,
        PAGE_TOKEN: pageToken,
        GRAPH_URL: graphUrl,
        // Whom to trust, if the server speaks HTTPS.
        NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'],
      },
      // The channel tells it when we are gone; nothing is sent through it.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    return new Promise((resolve, reject) => {
      let started: BotProcess | null = null;
      child.once('exit', (code) => reject(new DemoError(`The ${bot} bot has ended with ${String(code)}.`)));
      if (child.stdout === null) throw new Error('the bot has no output');
      createInterface(child.stdout).on('line', (line) => {
        const told = JSON.parse(line) as BotReport | { listening: number };
        if (started === null) {
          if ('listening' in told) resolve((started = new BotProcess(child, told.listening, [])));
        } else if (!('listening' in told)) started.#received(told);
      });
    });
  }

  /** Resolves when it has handled this many webhooks, or rejects when that takes too long. */
  async handled(count: number, patienceMs: number): Promise<void> {
    const timeout = AbortSignal.timeout(patienceMs);
    while (this.reports.length < count) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        timeout.addEventListener('abort', () => {
          reject(
            new DemoError(
              `A bot has got ${this.reports.length} of ${count} webhooks in ${patienceMs / 1000} seconds. Does the server reach this machine?`,
            ),
          );
        });
      });
    }
  }

  stop(): void {
    this.child.kill();
  }

  #received(report: BotReport): void {
    this.reports.push(report);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
