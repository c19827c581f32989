/** What pages of ours may load and do: their own files, and nothing else; and nobody may frame them. */
const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
].join('; ');

/** The documentation's page comes with styles inside it and writes its own markup; what it shows is ours alone. */
const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The page around the hosted Stately inspector, which is the one other host that any page of ours may show. */
const inspectorPolicy = `${consolePolicy}; frame-src https://stately.ai`;

const common = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** Two years, as browsers ask of sites they are to know beforehand. */
const strictTransport = 'max-age=63072000';

/**
 * The headers a browser is told with every answer, by the path it asks for; a route may set another one instead.
 * `lastingHttps`: this host will be served over HTTPS for good, so browsers may remember it.
 */
export function securityHeaders(lastingHttps: boolean): (path: string) => readonly (readonly [string, string])[] {
  const withPolicy = (policy: string) =>
    Object.entries({
      ...common,
      'content-security-policy': policy,
      ...(lastingHttps && { 'strict-transport-security': strictTransport }),
    });
  const docs = withPolicy(docsPolicy);
  const inspector = withPolicy(inspectorPolicy);
  const others = withPolicy(consolePolicy);
  return (path) => {
    if (/^\/docs(\/|$)/.test(path)) return docs;
    return /^\/inspector\/stately(\?|$)/.test(path) ? inspector : others;
  };
}
