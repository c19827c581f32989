import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FaultProxy } from './fault-proxy.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
const startTimeoutMs = 60_000;

/** A child ends with its parent, however that ends: the channel between them closes. */
const diesWithParent =
  "data:text/javascript,process.on('disconnect',()=>process.kill(process.pid,'SIGKILL'));process.channel?.unref()";

/** This machine's clock, as the process sees it, is wrong by so much. */
const wrongClock = (offsetMs: number) =>
  'data:text/javascript,' +
  encodeURIComponent(
    `const real=Date,now=Date.now,off=${offsetMs};` +
      'globalThis.Date=class extends real{constructor(...a){a.length===0?super(now()+off):super(...a)}static now(){return now()+off}};',
  );

export type InstanceState = 'running' | 'paused' | 'down';

/** Why a process ended that nobody had ended: a fault of what is tested. */
export type OnUnexpectedEnd = (what: string) => void;

export interface InstanceOptions {
  readonly name: string;
  readonly proxy: FaultProxy;
  readonly env: Readonly<Record<string, string>>;
  /** Everything it prints goes here. */
  readonly logFile: string;
  /** How far the clock of its machine is off, in milliseconds. */
  readonly clockOffsetMs: number;
  readonly onUnexpectedEnd: OnUnexpectedEnd;
  /** It died at a failpoint. */
  readonly onDeath: () => void;
}

/** One server process, which may be killed, paused and started again at any time. */
export class Instance {
  readonly name: string;
  readonly proxy: FaultProxy;
  state: InstanceState = 'down';
  url = '';
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #starting: Promise<void> | null = null;
  #expected = false;
  #failpoints = '';

  constructor(private readonly options: InstanceOptions) {
    this.name = options.name;
    this.proxy = options.proxy;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts the process; resolves when it serves, or is gone again. Tries once more where the database was away. */
  start(failpoints = ''): Promise<void> {
    this.#starting ??= this.#start(failpoints).finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #start(failpoints: string): Promise<void> {
    for (let attempt = 1; this.state === 'down'; attempt++) {
      const problem = await this.#launch(failpoints);
      if (problem === null) return;
      if (attempt === 20) {
        this.options.onUnexpectedEnd(`${this.name} did not start: ${problem}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Resolves when the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#expected = true;
    this.#child?.kill(signal);
    if (this.state === 'paused') this.#child?.kill('SIGCONT');
    await this.#exited;
    await this.#starting;
  }

  pause(): void {
    if (this.state !== 'running') return;
    this.state = 'paused';
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'running';
    this.#child?.kill('SIGCONT');
  }

  /** Resident memory in bytes; 0 if it is down or the system does not say. */
  async memory(): Promise<number> {
    try {
      return Number((await readFile(`/proc/${this.pid}/statm`, 'utf8')).split(' ')[1]) * 4096;
    } catch {
      return 0;
    }
  }

  /** Null: it serves, or died at a failpoint on the way. */
  async #launch(failpoints: string): Promise<string | null> {
    const { clockOffsetMs, logFile, env } = this.options;
    const shims = [diesWithParent, ...(clockOffsetMs === 0 ? [] : [wrongClock(clockOffsetMs)])];
    const child = spawn(process.execPath, [...shims.flatMap((shim) => ['--import', shim]), main], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: '0', ...env, FAILPOINTS: failpoints },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#expected = false;
    this.#failpoints = failpoints;
    const log = createWriteStream(logFile, { flags: 'a' });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      log.write(chunk);
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (this.state === 'down') errors += chunk.toString();
      log.write(chunk);
    });
    let greeted = false;
    const exited = new Promise<void>((resolve) => {
      child.once('close', (code, signal) => {
        this.state = 'down';
        log.end();
        const atFailpoint = signal === 'SIGKILL' && this.#failpoints !== '' && !this.#expected;
        // Whoever is starting it learns first that it is gone.
        if (atFailpoint) setImmediate(() => void Promise.resolve(this.#starting).then(() => this.options.onDeath()));
        else if (!this.#expected && greeted) {
          this.options.onUnexpectedEnd(`${this.name} ended by itself with ${signal ?? code}: ${errors.slice(-500)}`);
        }
        resolve();
      });
    });
    this.#exited = exited;
    const deadline = performance.now() + startTimeoutMs;
    for (;;) {
      const url = /API +(https?:\/\/\S+)\/api\/v1/.exec(output)?.[1];
      if (url !== undefined) {
        greeted = true;
        this.url = url;
        this.state = 'running';
        return null;
      }
      if (child.exitCode !== null || child.signalCode !== null) {
        await exited;
        return child.signalCode === 'SIGKILL' ? null : `it ended with ${child.exitCode}: ${errors.slice(-500)}`;
      }
      if (performance.now() > deadline) {
        child.kill('SIGKILL');
        return 'it said nothing';
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
