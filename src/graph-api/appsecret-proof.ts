import { createHmac, timingSafeEqual } from 'node:crypto';

/** The proof that a caller with this token also knows the app's secret: HMAC-SHA256 in lowercase hex. */
export function appsecretProof(accessToken: string, appSecret: string): string {
  return createHmac('sha256', appSecret).update(accessToken).digest('hex');
}

/** Whether `proof` is the one for this token and secret. Takes the same time for every wrong proof of the right length. */
export function isAppsecretProof(proof: string, accessToken: string, appSecret: string): boolean {
  const expected = Buffer.from(appsecretProof(accessToken, appSecret));
  const given = Buffer.from(proof);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
