import { execFile } from 'node:child_process';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A failure guard only. */
const endWithinMs = 30_000;

/** Runs a command line as a person types it, with nothing in its environment but `env`. */
export function runShell(commandLine: string, env: Record<string, string> = {}, cwd?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env.PATH, ...env },
      timeout: endWithinMs,
      ...(cwd !== undefined && { cwd }),
    };
    // Without the configuration that Bash reads when it takes our pipe for a remote shell's.
    execFile('/bin/bash', ['--norc', '-c', commandLine], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}
