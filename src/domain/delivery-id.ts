/** One notice of one log row: what a delivery is, apart from the database it is in. */
export interface DeliveryKey {
  readonly lane: number;
  /** The row's position in the lane. */
  readonly id: number;
  /** Which of the row's notices. */
  readonly notice: number;
}

/**
 * A delivery's public id, the same for every attempt and replay: `<incarnation>-<lane>-<id>-<notice>`. It begins with the
 * store's incarnation because a restored backup gives the same positions to other events.
 */
export function deliveryId(incarnation: string, key: DeliveryKey): string {
  return `${incarnation}-${key.lane}-${key.id}-${key.notice}`;
}

const pattern = /^([0-9a-z]+)-(\d{1,3})-(\d{1,15})-(\d{1,4})$/;

/** Takes a delivery id apart; null if it is none. Whether the incarnation is the current one is the caller's question. */
export function parseDeliveryId(text: string): (DeliveryKey & { readonly incarnation: string }) | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, incarnation = '', lane, id, notice] = match;
  return { incarnation, lane: Number(lane), id: Number(id), notice: Number(notice) };
}
