/** First segments of the console's addresses: its screens, and the files it is built of. */
export const consoleSegments = [
  'assets',
  'configuration',
  'customer',
  'deliveries',
  'inbox',
  'pages',
  'sign-in',
  'threads',
] as const;

/** The page around the hosted Stately inspector. */
export const inspectorPath = '/inspector/stately';
export const inspectorFile = 'stately.html';

const segments: ReadonlySet<string> = new Set(consoleSegments);

/**
 * Which file of the console a GET asks for; null: it is not meant for the console. Screens all have the same file, in
 * which the browser finds its way. The root with a query is the Graph API's, unless a browser opens it as a page.
 */
export function consoleFileOf(url: string, accept: string | undefined): string | null {
  const [path = '', query] = url.split('?', 2);
  const index = 'index.html';
  if (path === '/' || path === '') {
    return query === undefined || accept?.includes('text/html') === true ? index : null;
  }
  if (path === inspectorPath) return inspectorFile;
  const segment = /^\/([^/]*)/.exec(path)?.[1] ?? '';
  if (!segments.has(segment)) return null;
  return segment === 'assets' ? path.slice(1) : index;
}
