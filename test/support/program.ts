import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Loaded before a program that knows nothing of it: tells which port its first server got, and makes it die with the
 * test process, however that ends.
 */
const preload = `data:text/javascript,${encodeURIComponent(`
  import { subscribe } from 'node:diagnostics_channel';
  subscribe('tracing:net.server.listen:asyncEnd', ({ server }) => process.send?.({ port: server.address().port }));
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel?.unref();
`)}`;

/** A failure guard only. */
const startWithinMs = 30_000;

/** A Node program of somebody else, unmodified and in a process of its own. */
export class Program {
  #output = '';

  private constructor(
    private readonly child: ChildProcess,
    /** Where its server listens. */
    readonly port: number,
  ) {}

  /** What it has printed so far: it says there what went wrong. */
  get output(): string {
    return this.#output;
  }

  /**
   * Starts `arguments_` as `node` would, in `cwd`, with nothing in its environment but `env` and a port to choose, and
   * waits until its server listens.
   */
  static async start(cwd: string, arguments_: readonly string[], env: Record<string, string>): Promise<Program> {
    const child = spawn(process.execPath, ['--import', preload, ...arguments_], {
      cwd,
      env: { PATH: process.env.PATH, PORT: '0', NODE_ENV: 'production', NO_UPDATE_NOTIFIER: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const port = await new Promise<number>((resolve, reject) => {
      const guard = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the program opened no server: ${output}`));
      }, startWithinMs);
      child.once('message', (message: { port: number }) => {
        clearTimeout(guard);
        resolve(message.port);
      });
      child.once('exit', (code) => {
        clearTimeout(guard);
        reject(new Error(`the program ended with ${code} before it opened a server: ${output}`));
      });
    });
    const program = new Program(child, port);
    program.#output = output;
    child.stdout?.on('data', (text: string) => (program.#output += text));
    child.stderr?.on('data', (text: string) => (program.#output += text));
    return program;
  }

  /** Resolves with what it has printed, once that is as it should be. */
  until(what: string, isSo: (output: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isSo(this.#output)) return;
        this.#end(guard, look);
        resolve(this.#output);
      };
      const guard = setTimeout(() => {
        this.#end(guard, look);
        reject(new Error(`${what} did not come; it has printed:\n${this.#output}`));
      }, startWithinMs);
      this.child.stdout?.on('data', look);
      look();
    });
  }

  #end(guard: NodeJS.Timeout, look: () => void): void {
    clearTimeout(guard);
    this.child.stdout?.off('data', look);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}
