import { demo } from './channels/simulator/demo-data.js';
import type { Server } from './server.js';

/**
 * What a person who has just started the server needs to know. `code` makes the link that signs in; it is behind the #,
 * which browsers send to nobody, so that it reaches no log. Null: sign in with the token.
 */
export function greeting(
  { url, dataDir, embedded, adminToken, certificate, core }: Server,
  code: string | null,
): string {
  const data = embedded ? `${dataDir} (PostgreSQL 18, kept between starts)` : 'your database (DATABASE_URL)';
  const { gateway } = core.settings;
  // A gateway's output is collected as a log, where no secret belongs.
  const shown = gateway ? 'kept in' : `${adminToken.value}   (kept in`;
  const token = adminToken.file === null ? 'as set by ADMIN_TOKEN' : `${shown} ${adminToken.file}${gateway ? '' : ')'}`;
  const lines = [
    `Signalbox is running (${core.settings.values.MODE}).`,
    '',
    `Console        ${code === null ? url : `${url}/sign-in#code=${code}   (signs in once, within 15 minutes)`}`,
    `API            ${url}/api/v1`,
    `Documentation  ${url}/docs`,
    `Data           ${data}`,
    `Admin token    ${token}`,
  ];
  const authority = certificate?.authorityFile ?? null;
  if (authority !== null) lines.push(`Trust          ${authority}   (curl --cacert, NODE_EXTRA_CA_CERTS)`);
  if (core.configuration.current().pages.get(demo.page)?.adRoutes.has(demo.ad) === true) {
    const secret = adminToken.file === null ? '$ADMIN_TOKEN' : adminToken.value;
    lines.push(
      '',
      `There is a demo page with a marketing bot, a support bot and an inbox. Let a person tap its ad:`,
      '',
      `  curl -s${authority === null ? '' : ` --cacert '${authority}'`} ${url}/api/v1/simulator/pages/${demo.page}/people/7000000000000101/actions \\`,
      `    -H 'Authorization: Bearer ${secret}' -H 'Content-Type: application/json' \\`,
      `    -d '{"type":"tap_ad","ad_id":"${demo.ad}"}'`,
      '',
      `or watch the life of a thread, with bots that answer:  ${demoCommand(url, authority)}`,
    );
  }
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`;
}

/** The demo looks for a server at the usual address, without HTTPS. */
function demoCommand(url: string, authority: string | null): string {
  if (url.startsWith('http:')) return 'npm run demo';
  return `${authority === null ? '' : `NODE_EXTRA_CA_CERTS='${authority}' `}SIGNALBOX_URL=${url} npm run demo`;
}
