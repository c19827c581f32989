import type { Server } from './server.js';

/** What a person who has just started the server needs to know. */
export function greeting({ url, dataDir, embedded, adminToken, core }: Server): Promise<string> {
  const data = embedded ? `${dataDir} (PostgreSQL 18, kept between starts)` : 'your database (DATABASE_URL)';
  const token =
    adminToken.file === null ? 'as set by ADMIN_TOKEN' : `${adminToken.value}   (kept in ${adminToken.file})`;
  const lines = [
    '',
    `  Signalbox is running (${core.settings.values.MODE}).`,
    '',
    `  API            ${url}/api/v1`,
    `  Documentation  ${url}/docs`,
    `  Data           ${data}`,
    `  Admin token    ${token}`,
    '',
  ];
  return Promise.resolve(`${lines.join('\n')}\n`);
}
