import type { ChildProcess } from 'node:child_process';

/** A program that takes webhooks and is measured. */
export interface ProcessUnderTest {
  readonly pid: number;
  readonly port: number;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;

/** It says where it listens once it does. */
export function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timeout = setTimeout(() => reject(new Error('it said nothing')), startTimeoutMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const port = /http:\/\/[^\s/]+:(\d+)\//.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timeout);
      resolve(Number(port));
    });
    child.once('exit', (code) => {
      clearTimeout(timeout);
      reject(new Error(`it ended with ${code ?? 'a signal'}`));
    });
  });
}
