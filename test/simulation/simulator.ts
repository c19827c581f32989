import { AsyncLocalStorage } from 'node:async_hooks';
import { Random } from '../../prove/random.js';

/** A process in the simulation: everything it does belongs to it, and ends or stands still with it. */
export class SimulatedProcess {
  state: 'running' | 'paused' | 'dead' = 'running';
  readonly #onDeath = new Set<() => void>();

  constructor(readonly name: string) {}

  /** Calls back when it dies, until the returned function is called. */
  onDeath(listener: () => void): () => void {
    this.#onDeath.add(listener);
    return () => this.#onDeath.delete(listener);
  }

  die(): void {
    this.state = 'dead';
    for (const listener of [...this.#onDeath]) listener();
  }
}

/** Something that can happen next. */
interface Task {
  readonly owner: SimulatedProcess | null;
  /** What waits at the network or the database goes on although its process stands still or is gone. */
  readonly outside: boolean;
  readonly run: () => void;
  /** False while it cannot happen yet. */
  readonly ready: () => boolean;
}

interface Timer {
  readonly owner: SimulatedProcess | null;
  readonly at: number;
  readonly order: number;
  readonly everyMs: number | null;
  readonly run: () => void;
}

const always = () => true;
const real = { setImmediate: globalThis.setImmediate };
const globals = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] as const;

/**
 * A world in which nothing happens by itself: every answer of a database or an app, every timer and every turn of an
 * event loop is a task, and a seed decides which one is next. A second is as long as it takes to decide that it is over.
 */
export class Simulator {
  /** Milliseconds since the world began. */
  nowMs = 0;
  readonly random: Random;
  readonly #context = new AsyncLocalStorage<SimulatedProcess>();
  #tasks: Task[] = [];
  #timers: Timer[] = [];
  #order = 0;
  #restore: () => void = () => undefined;
  steps = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** From here on, timers of the code under test are the simulation's. */
  takeOver(): void {
    const before = globals.map((name) => [name, globalThis[name]] as const);
    this.#restore = () => before.forEach(([name, value]) => Object.assign(globalThis, { [name]: value }));
    const handle = (timer: Timer) => {
      const id = { timer, unref: () => id, ref: () => id };
      return id;
    };
    const clear = (id?: { timer: Timer }) => {
      if (id !== undefined) this.#timers = this.#timers.filter((timer) => timer !== id.timer);
    };
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => handle(this.#addTimer(run, ms, null)),
      setInterval: (run: () => void, ms = 0) => handle(this.#addTimer(run, ms, ms)),
      clearTimeout: clear,
      clearInterval: clear,
      setImmediate: (run: () => void) => {
        this.#tasks.push({ owner: this.#owner(), outside: false, run, ready: always });
      },
    });
  }

  giveBack(): void {
    this.#restore();
  }

  /** Whose doing it is that is being done. */
  get currentProcess(): SimulatedProcess | null {
    return this.#owner();
  }

  /** Runs something as a process. */
  as<T>(process: SimulatedProcess, work: () => T): T {
    return this.#context.run(process, work);
  }

  /**
   * Something done outside the process: `work` happens at some moment, whatever has become of the process by then, and
   * its outcome is learned at some later moment, if there is still somebody to learn it.
   *
   * @param ready whether it can happen; it waits until then
   * @param abandoned whether it does not happen after all once the process is gone
   */
  outside<T>(work: () => T, ready: () => boolean = always, abandoned: () => boolean = () => false): Promise<T> {
    const owner = this.#owner();
    return new Promise((resolve, reject) => {
      const answer = (run: () => void) => this.#tasks.push({ owner, outside: false, run, ready: always });
      const run = () => {
        if (owner?.state === 'dead' && abandoned()) return;
        try {
          const outcome = work();
          answer(() => resolve(outcome));
        } catch (error) {
          answer(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      };
      this.#tasks.push({ owner, outside: true, run, ready });
    });
  }

  /** Lets one thing happen; false if nothing can. */
  async step(): Promise<boolean> {
    this.steps += 1;
    const possible = this.#tasks.filter(
      ({ owner, outside, ready }) => (outside || owner === null || owner.state === 'running') && ready(),
    );
    const timers = this.#timers.filter(({ owner }) => owner === null || owner.state !== 'dead');
    this.#timers = timers;
    this.#tasks = this.#tasks.filter(({ owner, outside }) => outside || owner?.state !== 'dead');
    if (possible.length === 0 && timers.length === 0) return false;
    if (possible.length > 0 && (timers.length === 0 || !this.random.chance(0.03))) {
      const task = this.random.pick(possible);
      this.#tasks.splice(this.#tasks.indexOf(task), 1);
      this.#run(task.owner, task.run);
    } else {
      this.#nextTimer(timers);
    }
    // Everything that follows at once, in promises, has happened.
    await new Promise((resolve) => real.setImmediate(resolve));
    return true;
  }

  /** Until it is so, or nothing more can happen, or too much has; answers whether it is so. */
  async until(holds: () => boolean, stepsMax: number): Promise<boolean> {
    for (let left = stepsMax; left > 0; left--) {
      if (holds()) return true;
      if (!(await this.step())) return holds();
    }
    return holds();
  }

  /** Resolves after so much time of the world. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#addTimer(resolve, ms, null));
  }

  #owner(): SimulatedProcess | null {
    return this.#context.getStore() ?? null;
  }

  #run(owner: SimulatedProcess | null, run: () => void): void {
    if (owner === null) this.#context.exit(run);
    else this.#context.run(owner, run);
  }

  #addTimer(run: () => void, ms: number, everyMs: number | null): Timer {
    const timer = { owner: this.#owner(), at: this.nowMs + ms, order: this.#order++, everyMs, run };
    this.#timers.push(timer);
    return timer;
  }

  #nextTimer(timers: readonly Timer[]): void {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    if (next === undefined) return;
    const { owner, run, at, everyMs } = next;
    this.nowMs = Math.max(this.nowMs, at);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    if (everyMs !== null) this.#timers.push({ ...next, at: this.nowMs + everyMs, order: this.#order++ });
    // The timer of a process that stands still fires once it goes on.
    this.#tasks.push({ owner, outside: false, run, ready: always });
  }
}
