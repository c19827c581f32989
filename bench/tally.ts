import { personCount } from './scenario.js';

/** What one app has received, checked for order and repetition as it comes in. */
export class Tally {
  /** Different events. */
  events = 0;
  duplicates = 0;
  /** Events that came after a later one of the same person. */
  reordered = 0;
  standby = 0;
  posts = 0;

  readonly #last = new Uint32Array(personCount);
  readonly #missing = new Map<number, Set<number>>();

  readonly see = (person: number, sequence: number): void => {
    const last = this.#last[person] ?? 0;
    if (sequence > last) {
      for (let skipped = last + 1; skipped < sequence; skipped += 1) this.#miss(person, skipped);
      this.#last[person] = sequence;
      this.events += 1;
    } else if (this.#missing.get(person)?.delete(sequence) === true) {
      this.events += 1;
      this.reordered += 1;
    } else {
      this.duplicates += 1;
    }
  };

  #miss(person: number, sequence: number): void {
    const missing = this.#missing.get(person);
    if (missing === undefined) this.#missing.set(person, new Set([sequence]));
    else missing.add(sequence);
  }
}
