import { createHmac } from 'node:crypto';
import type { ThreadKey } from '../domain/ids.js';

/** How erased people are known: by a keyed hash, which tells nobody's id. The key is the installation's own. */
export function personHash(key: string, { pageId, psid }: ThreadKey): string {
  return createHmac('sha256', key).update(`${pageId}:${psid}`).digest('base64url');
}
