import { randomBytes, scryptSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The token the installation comes with: it opens the admin API with every right, and issues the others. */
export class AdminToken {
  /**
   * Tells sessions that were opened with it from those of an earlier one, the same on every instance. Slow to compute,
   * because it is stored and people choose this token themselves.
   */
  readonly fingerprint: string;

  constructor(
    readonly value: string,
    /** Where it is kept, if it was generated; null if the setting ADMIN_TOKEN gives it. */
    readonly file: string | null,
  ) {
    this.fingerprint = scryptSync(value, 'signalbox admin token', 32).toString('base64url');
  }
}

/** The token of the setting, else the one kept in the data folder, made at the first start. */
export async function readAdminToken(setting: string | undefined, dataDir: string): Promise<AdminToken> {
  if (setting !== undefined) return new AdminToken(setting, null);
  const file = path.join(dataDir, 'admin-token');
  await mkdir(dataDir, { recursive: true });
  try {
    // Two servers on one folder may start at once: the first one's token stands.
    await writeFile(file, `sbx_admin_${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return new AdminToken((await readFile(file, 'utf8')).trim(), file);
}
