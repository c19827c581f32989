import { signatureHeaders } from './signature.js';

/** What an app did not get because it came due: told with the next delivery. */
export interface DeliveryGap {
  readonly count: number;
  readonly firstDeliveryId: string;
}

/** One attempt at one delivery, as its headers tell it. */
export interface SignedWebhook {
  /** The receiving app's secret. */
  readonly secret: string;
  /** The bytes to send and to sign, the same in every attempt. */
  readonly body: Buffer;
  readonly deliveryId: string;
  /** Names the request that led to it, here and in the app's own log; several with commas. */
  readonly traceId?: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly gap?: DeliveryGap;
  /** Someone asked for this delivery to be sent again. */
  readonly replay?: boolean;
}

/** The platform's headers as receivers know them, and ours. */
export function webhookHeaders(post: SignedWebhook): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Accept: '*/*',
    'Accept-Encoding': 'deflate, gzip',
    'User-Agent': 'facebookexternalua',
    'Facebook-API-Version': 'unversioned',
    ...signatureHeaders(post.secret, post.body),
    'X-Signalbox-Delivery': post.deliveryId,
    'X-Signalbox-Attempt': String(post.attempt),
  };
  if (post.traceId !== undefined) headers['X-Signalbox-Trace'] = post.traceId;
  if (post.gap !== undefined) {
    headers['X-Signalbox-Gap'] = `count=${post.gap.count}; first=${post.gap.firstDeliveryId}`;
  }
  if (post.replay === true) headers['X-Signalbox-Replay'] = 'true';
  return headers;
}
