/**
 * Places where a fault test can make the process die as if by `kill -9`. Inert unless named by the setting FAILPOINTS, as
 * `name` or `name=N` to die at the Nth passage.
 */
export const failpointNames = [
  'ingest.beforeCommit',
  'ingest.afterCommit',
  'deliver.beforePost',
  'deliver.afterPost',
  'timers.beforeFire',
  'send.beforeCall',
  'send.afterCall',
] as const;
export type FailpointName = (typeof failpointNames)[number];

export class Failpoints {
  readonly #left = new Map<string, number>();

  constructor(setting: string) {
    for (const part of setting.split(',')) {
      const [name = '', passages = '1'] = part.trim().split('=');
      if (name !== '') this.#left.set(name, Number(passages));
    }
  }

  /** Dies here if this is the passage that was asked for. */
  pass(name: FailpointName): void {
    const left = this.#left.get(name);
    if (left === undefined) return;
    if (left <= 1) process.kill(process.pid, 'SIGKILL');
    this.#left.set(name, left - 1);
  }
}
