import { createHmac } from 'node:crypto';

/** Both signatures of a webhook, by the name of their header. */
export interface SignatureHeaders extends Record<string, string> {
  'X-Hub-Signature': string;
  'X-Hub-Signature-256': string;
}

/**
 * Signs the exact bytes that are posted with the receiving app's secret. Both hashes are sent because widely used client
 * libraries still check only SHA-1.
 */
export function signatureHeaders(secret: string, body: Buffer): SignatureHeaders {
  return {
    'X-Hub-Signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}
