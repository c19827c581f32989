import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.js';

/** Only a script of our own can send it: another site's would need our permission first, which nobody gets. */
const consoleHeader = 'x-signalbox-console';

/**
 * Whether a browser says that a request comes from a page of this very server. Without any word of a browser: it does not
 * come from one, and what is not a browser is nobody's unwitting tool.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return isOwnOrigin(headers);
}

/**
 * The same for the opening of a WebSocket, of which browsers send the origin always, but do not agree on whether `ws:` and
 * `http:` are the same site.
 */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  return origin === undefined || URL.parse(origin)?.host === host;
}

/** @throws Problem unless a request that comes with a session, and changes something, comes from the console itself. */
export function requireConsole(headers: IncomingHttpHeaders): void {
  if (headers[consoleHeader] === '1' && isSameOrigin(headers)) return;
  throw new Problem(
    'cross_site',
    'With a session, a change must come from the console: from the same origin, with the header "X-Signalbox-Console: 1". ' +
      'Programs send a token instead.',
  );
}
