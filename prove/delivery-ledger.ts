import type { DeliveryKey } from '../src/domain/delivery-id.js';
import type { FaultsFound } from './faults-found.js';

/** What an app has taken of one thread, in the order in which each thing first came. */
class ThreadReceipts {
  /** Row and notice as one number, rising. */
  readonly positions: number[] = [];
  readonly hashes: number[] = [];
  /** Those whose answer the app lost on purpose: they are expected again. */
  readonly unanswered = new Set<number>();
}

/** More notices than a row can have. */
const noticesMax = 64;

export const positionOf = ({ id, notice }: Pick<DeliveryKey, 'id' | 'notice'>): number => id * noticesMax + notice;

/** What an app has taken, by thread; it finds inversions and changed bytes as they come in. */
export class DeliveryLedger {
  readonly threads = new Map<string, ThreadReceipts>();
  /** Deliveries taken, each counted once. */
  taken = 0;
  /** Taken again although the app had answered; and because its answer was lost, which is the app's own doing. */
  duplicates = 0;
  repeatedAfterLostAnswer = 0;

  constructor(
    private readonly name: string,
    private readonly faults: FaultsFound,
  ) {}

  /** Notes a delivery; answers whether it is new. */
  take(thread: string, key: DeliveryKey, hash: number, answered: boolean): boolean {
    let receipts = this.threads.get(thread);
    if (receipts === undefined) this.threads.set(thread, (receipts = new ThreadReceipts()));
    const { positions, hashes, unanswered } = receipts;
    const position = positionOf(key);
    const last = positions.at(-1) ?? -1;
    if (position > last) {
      positions.push(position);
      hashes.push(hash);
      if (!answered) unanswered.add(position);
      this.taken += 1;
      return true;
    }
    const index = indexOf(positions, position);
    if (index === -1) {
      this.faults.add('I3', `${this.name} got ${key.lane}-${key.id}-${key.notice} of ${thread} after a later one`);
      return false;
    }
    if (hashes[index] !== hash) {
      this.faults.add('I4', `${this.name} got other bytes for ${key.lane}-${key.id}-${key.notice} of ${thread}`);
    }
    if (unanswered.has(position)) this.repeatedAfterLostAnswer += 1;
    else this.duplicates += 1;
    if (answered) unanswered.delete(position);
    return false;
  }

  has(thread: string, position: number): boolean {
    const receipts = this.threads.get(thread);
    return receipts !== undefined && indexOf(receipts.positions, position) !== -1;
  }
}

/** Where a number stands in a rising list; -1 if it does not. */
function indexOf(list: readonly number[], wanted: number): number {
  let low = 0;
  let high = list.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = list[middle] ?? 0;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
