import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import path from 'node:path';
import { collectedLog } from './canaries.js';
import type { ServerAddress } from './stage.js';

/** The server as `npm start` runs it. The variable lets a run use another build than the one `npm test` makes first. */
export const builtMain = path.resolve(process.env.SIGNALBOX_MAIN ?? 'dist/src/main.js');

/** Makes a child die with the test process, however that ends: the channel between them then closes. */
const dieWithParent =
  "data:text/javascript,process.on('disconnect',()=>process.kill(process.pid,'SIGKILL'));process.channel?.unref()";

/** A failure guard only. */
const startWithinMs = 30_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ServerProcess extends ServerAddress {
  readonly pid: number;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended, by whatever means. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

/** Runs a server that is expected to end by itself. Nothing but `settings` is set in its environment. */
export async function runServer(settings: Record<string, string>): Promise<Exit> {
  const { child, exited } = launch(settings);
  const guard = setTimeout(() => child.kill('SIGKILL'), startWithinMs);
  const exit = await exited;
  clearTimeout(guard);
  return exit;
}

/** Starts the server and waits until it greets. Throws what it said if it ends before. */
export async function startServerProcess(settings: Record<string, string>): Promise<ServerProcess> {
  const { child, stdout, exited, output } = launch({ PORT: '0', ...settings });
  const url = await new Promise<string>((resolve, reject) => {
    const guard = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the server did not greet: ${output.stdout}${output.stderr}`));
    }, startWithinMs);
    stdout.on('data', () => {
      const greeted = /API +(https?:\/\/\S+)\/api\/v1[^]*\n\n$/.exec(output.stdout)?.[1];
      if (greeted === undefined) return;
      clearTimeout(guard);
      resolve(greeted);
    });
    void exited.then(({ code, signal, stderr }) => {
      clearTimeout(guard);
      reject(new Error(`the server ended with ${code ?? signal} before it greeted: ${stderr}`));
    });
  });
  const token = settings.ADMIN_TOKEN ?? /Admin token +(\S+)/.exec(output.stdout)?.[1] ?? '';
  return {
    url,
    adminToken: token,
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    kill(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** A server that dies at a failpoint, or when it is killed, and comes back without failpoints. */
export class MortalServer {
  readonly deaths: Exit[] = [];
  #running: Promise<ServerProcess>;
  #buried = false;

  private constructor(
    private readonly settings: Record<string, string>,
    failpoints: string,
    private readonly onStart: (server: ServerProcess) => void,
  ) {
    this.#running = this.#start({ ...settings, FAILPOINTS: failpoints });
  }

  static async start(
    settings: Record<string, string>,
    failpoints: string,
    onStart: (server: ServerProcess) => void,
  ): Promise<MortalServer> {
    const server = new MortalServer(settings, failpoints, onStart);
    await server.#running;
    return server;
  }

  /** The server that runs now, or the next one if it is dead. */
  running(): Promise<ServerProcess> {
    return this.#running;
  }

  /** After a call to a server broke off: resolves once another one runs. */
  async after(dead: ServerProcess): Promise<ServerProcess> {
    await dead.exited;
    return this.#running;
  }

  async kill(): Promise<void> {
    await (await this.#running).kill('SIGKILL');
  }

  async stop(): Promise<Exit> {
    this.#buried = true;
    return (await this.#running).kill('SIGTERM');
  }

  async #start(settings: Record<string, string>): Promise<ServerProcess> {
    const server = await startServerProcess(settings);
    this.onStart(server);
    // Registered before anybody can wait for the end, so that whoever does finds the next one.
    void server.exited.then((exit) => {
      if (this.#buried) return;
      this.deaths.push(exit);
      this.#running = this.#start(this.settings);
    });
    return server;
  }
}

function launch(settings: Record<string, string>) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--import', dieWithParent, builtMain], {
    env: { PATH, HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the child has no output');
  const output = { stdout: '', stderr: '' };
  stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  const log = collectedLog();
  stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
    if (log !== null) writeSync(log, text);
  });
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, stdout, exited, output };
}
