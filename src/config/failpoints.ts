/**
 * Places where a fault test can make the process fail in a given way. Inert unless named by the setting FAILPOINTS: `name`
 * acts at the first passage, `name=N` at the Nth, and `name=N:action` does something else than dying.
 */
export const failpointNames = [
  'ingest.beforeCommit',
  'ingest.afterCommit',
  'deliver.beforePost',
  'deliver.afterPost',
  'cursor.beforeSave',
  'cursor.afterSave',
  'lease.afterClaim',
  'timers.beforeFire',
  'send.beforeCall',
  'send.afterCall',
] as const;
export type FailpointName = (typeof failpointNames)[number];

/**
 * `kill`: the process is gone, as if by `kill -9`. `throw`: the code there fails. `pause`: the process is stopped, as a
 * virtual machine is, until somebody sends SIGCONT. `block`: the event loop stands still for five seconds.
 */
export const failpointActions = ['kill', 'throw', 'pause', 'block'] as const;
export type FailpointAction = (typeof failpointActions)[number];

const blockMs = 5_000;

export class Failpoints {
  readonly #armed = new Map<string, { left: number; readonly action: FailpointAction }>();

  constructor(setting: string) {
    for (const part of setting.split(',')) {
      const [point = '', action] = part.trim().split(':');
      const [name = '', passages = '1'] = point.split('=');
      const known = failpointActions.find((each) => each === action) ?? 'kill';
      if (name !== '') this.#armed.set(name, { left: Number(passages), action: known });
    }
  }

  /** Fails here if this is the passage that was asked for. */
  pass(name: FailpointName): void {
    const armed = this.#armed.get(name);
    if (armed === undefined) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    this.#armed.delete(name);
    switch (armed.action) {
      case 'kill':
        process.kill(process.pid, 'SIGKILL');
        return;
      case 'throw':
        throw new Error(`the failpoint ${name} was passed`);
      case 'pause':
        process.kill(process.pid, 'SIGSTOP');
        return;
      case 'block':
        // Waits without letting anything else run, and without using the processor.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
    }
  }
}
