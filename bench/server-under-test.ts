import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { portOf, type ProcessUnderTest } from './process-under-test.js';
import { ad, apps, marketing, metaAppSecret, page, subscribedFields, support, verifyToken } from './cast.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
const adminToken = 'bench-admin-token-0123456789';

export interface ServerOptions {
  readonly dataDir: string;
  /** Where its log goes. */
  readonly logFile: string;
  /** Where it leaves a profile of its processor time when it ends. */
  readonly cpuProfileDir: string | undefined;
  /** Settings beside those it is always measured with. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The built server as a user runs it: a process, settings from the environment, configured over its API. */
export class ServerUnderTest implements ProcessUnderTest {
  private constructor(
    readonly pid: number,
    readonly port: number,
    private readonly process: ChildProcess,
  ) {}

  static async start({ dataDir, logFile, cpuProfileDir, settings }: ServerOptions): Promise<ServerUnderTest> {
    const profiling = cpuProfileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProfileDir];
    const child = spawn(process.execPath, [...(await startFlags()), ...profiling, main], {
      env: {
        PATH: process.env['PATH'],
        MODE: 'gateway',
        PORT: '0',
        DATA_DIR: dataDir,
        ADMIN_TOKEN: adminToken,
        META_APP_SECRET: metaAppSecret,
        META_VERIFY_TOKEN: verifyToken,
        // The apps are on this machine.
        CALLBACK_ALLOW: '127.0.0.0/8',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Whatever ends us early.
    process.once('exit', () => child.kill());
    child.stderr.pipe(createWriteStream(logFile, { flags: 'a' }));
    try {
      const port = await portOf(child);
      return new ServerUnderTest(child.pid ?? 0, port, child);
    } catch (error) {
      child.kill();
      const log = await readFile(logFile, 'utf8').catch(() => '');
      throw new Error(`the server did not start: ${String(error)}\n${log.slice(-2000)}`, { cause: error });
    }
  }

  /** One page, the two apps connected to it, and the ad whose people go to marketing. */
  async configure(callbacks: readonly string[], eventsPerPostOut: number): Promise<void> {
    for (const [index, { id, name }] of apps.entries()) {
      await this.#put(`apps/${id}`, {
        name,
        callback_url: callbacks[index],
        verify_token: verifyToken,
        app_secret: `bench-secret-of-${id}`,
        batch_size_max: eventsPerPostOut,
      });
    }
    await this.#put(`pages/${page.id}`, { name: page.name });
    for (const { id } of apps) {
      await this.#put(`pages/${page.id}/apps/${id}`, {
        subscribed_fields: subscribedFields,
        standby: { messenger: true, instagram: false },
        can_take_control: false,
      });
    }
    await this.#put(`pages/${page.id}`, { name: page.name, default_app_id: support.id });
    await this.#put(`pages/${page.id}/routes/ads/${ad.id}`, {
      receiving_app_id: marketing.id,
      ref: ad.ref,
      title: ad.title,
    });
  }

  /** Asks it to end, as an operator would; resolves when it has, and its database with it. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await gone;
  }

  /** A token with which the app calls the Graph API. */
  async issueToken(app: { readonly id: string }): Promise<string> {
    const answer = await this.#call('POST', `pages/${page.id}/apps/${app.id}/token`);
    return z.object({ page_access_token: z.string() }).parse(answer).page_access_token;
  }

  async #put(path: string, body: object): Promise<void> {
    await this.#call('PUT', path, body);
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }
}

/** The flags that `npm start` gives to Node. */
async function startFlags(): Promise<string[]> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const start = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(text)).scripts.start;
  return (
    /node (.*)dist\/src\/main\.js/
      .exec(start)?.[1]
      ?.split(' ')
      .filter((flag) => flag !== '') ?? []
  );
}
