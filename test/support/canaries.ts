import { createReadStream, openSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Of every server inside a test's process. */
export const adminToken = 'test-admin-token-0123456789';

/*
 * What tests give to servers and servers must keep to themselves is known by its form. Every server that a run starts
 * writes its log, with everything it can say, into one folder, and the run fails if any of this is in it.
 */
const canaries: readonly (readonly [what: string, form: RegExp])[] = [
  ['the token of an installation', new RegExp(adminToken)],
  ['an admin token', /sbx_admin_[0-9a-f]{20}/],
  ['a page access token', /EAA[A-Za-z]*(SGBX|meta|platform)\w*/],
  ['an app token', /(?<!\d)[1-9]\d{14,19}(\||%7C)\S/],
  ['the secret of an app', /secret-(of|\d)[\w-]*|CANARY[\w-]*/],
  ['a person', /(?<!\d)[78]0{6}\d{9}(?!\d)/],
  ['what somebody wrote', /\bhello\b|\ba secret\b|words-between-two-people|words-that-only-this-page-has-heard/],
  ['a session', /signalbox=[\w-]{43}/],
];

/** What a line gives away; empty: nothing. */
export function leaksIn(line: string): string[] {
  return canaries.filter(([, form]) => form.test(line)).map(([what]) => what);
}

const VARIABLE = 'SIGNALBOX_TEST_LOGS';
let ownLog: { readonly folder: string; readonly fd: number } | null = null;

/** Makes the folder; for the set-up of a run. */
export async function collectLogs(): Promise<void> {
  process.env[VARIABLE] = await mkdtemp(path.join(tmpdir(), 'signalbox-test-logs-'));
}

/** Where the servers of this process write their logs; null: this run collects none. */
export function collectedLog(): number | null {
  const folder = process.env[VARIABLE];
  if (folder === undefined) return null;
  if (ownLog?.folder !== folder) {
    ownLog = { folder, fd: openSync(path.join(folder, `${process.pid}.log`), 'a') };
  }
  return ownLog.fd;
}

/** Reads everything that was logged. @throws Error that tells which lines give something away. */
export async function searchLogs(): Promise<void> {
  const folder = process.env[VARIABLE];
  if (folder === undefined) return;
  delete process.env[VARIABLE];
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    for await (const line of createInterface({ input: createReadStream(path.join(folder, name)) })) {
      const leaks = leaksIn(line);
      if (leaks.length > 0) found.push(`${leaks.join(', ')}: ${line.slice(0, 1_000)}`);
    }
  }
  await rm(folder, { recursive: true });
  if (found.length === 0) return;
  const more = found.length > 20 ? `\n… and ${found.length - 20} more` : '';
  throw new Error(`servers have logged what they must not:\n${found.slice(0, 20).join('\n')}${more}`);
}
