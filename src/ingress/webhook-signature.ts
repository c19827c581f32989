import { createHmac, hash, timingSafeEqual } from 'node:crypto';

const signaturePattern = /^sha256=([0-9a-f]{64})$/;

/** Whether `header` is the platform's signature (`X-Hub-Signature-256`) of these very bytes. */
export function isSignedBy(secret: string, body: Buffer, header: string | undefined): boolean {
  const [, given] = signaturePattern.exec(header ?? '') ?? [];
  if (given === undefined) return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(Buffer.from(given, 'hex'), expected);
}

/** Compares two secrets of any length in constant time. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}
