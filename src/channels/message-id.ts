import { randomBytes } from 'node:crypto';
import { mid, type Mid } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';

/** A new message id in the form of the platform: opaque, but clients tell the two kinds apart by how they begin. */
export function newMid(channel: Channel): Mid {
  return channel === 'instagram'
    ? mid(Buffer.concat([Buffer.from('ig_'), randomBytes(117)]).toString('base64url'))
    : mid(`m_${randomBytes(64).toString('base64url')}`);
}
