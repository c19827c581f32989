import { laneCount } from '../domain/ids.js';

/** Where a reader of the feed is: a position in every lane, in one incarnation of the store. */
export interface FeedCursor {
  readonly incarnation: string;
  /** By lane, and whatever else a reader follows. */
  readonly positions: readonly number[];
}

/** A text of about 350 to 1,000 characters: the incarnation and each position as a variable-length number, as base64url. */
export function encodeFeedCursor({ incarnation, positions }: FeedCursor): string {
  const bytes: number[] = [];
  for (const position of positions) {
    let rest = position;
    // Not with bit operators: positions outgrow 32 bits.
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(0x80 + (rest % 0x80));
    bytes.push(rest);
  }
  return Buffer.concat([Buffer.from(`${incarnation}.`), Buffer.from(bytes)]).toString('base64url');
}

/** Null if the text is no cursor with this many positions. */
export function decodeFeedCursor(text: string, count: number = laneCount): FeedCursor | null {
  const bytes = Buffer.from(text, 'base64url');
  const dot = bytes.indexOf('.');
  if (dot < 1) return null;
  const incarnation = bytes.toString('latin1', 0, dot);
  if (!/^[0-9a-z]+$/.test(incarnation)) return null;
  const positions: number[] = [];
  let position = 0;
  let scale = 1;
  for (const byte of bytes.subarray(dot + 1)) {
    position += (byte & 0x7f) * scale;
    if (!Number.isSafeInteger(position)) return null;
    scale *= 0x80;
    if (byte < 0x80) {
      positions.push(position);
      position = 0;
      scale = 1;
    }
  }
  return positions.length === count && scale === 1 ? { incarnation, positions } : null;
}
