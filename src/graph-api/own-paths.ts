import { consoleSegments } from '../console/console-paths.js';

/** First segments of Signalbox's own paths. The Graph API has every other path, so no object can have such a name. */
const ownSegments: ReadonlySet<string> = new Set([
  ...consoleSegments,
  'api',
  'docs',
  'docs-json',
  'docs-yaml',
  'health',
  'inspector',
  'media',
  'metrics',
  'webhooks',
]);

/** Whether a path is Signalbox's own, so that the Graph API's catch-all and its errors must not answer for it. */
export function isOwnPath(url: string): boolean {
  return ownSegments.has(/^\/([^/?#]*)/.exec(url)?.[1] ?? '');
}
