/**
 * Which rows of an ordered run still have deliveries to come. Rows are opened in order of their ids and closed in any
 * order; what matters is the lowest that is still open, since everything before it is done.
 */
export class OpenRows {
  readonly #open = new Map<number, number>();
  /** Ids in order, some of them closed already; dropped from the front once they are. */
  #order: number[] = [];
  #head = 0;

  get size(): number {
    return this.#open.size;
  }

  /** One more delivery of the row is to come. Ids must not fall, except through `reopen`. */
  open(id: number): void {
    const count = this.#open.get(id);
    if (count === undefined) this.#order.push(id);
    this.#open.set(id, (count ?? 0) + 1);
  }

  /** As `open`, for rows that may lie before others. */
  reopen(id: number): void {
    const count = this.#open.get(id);
    this.#open.set(id, (count ?? 0) + 1);
    if (count !== undefined) return;
    const rest = this.#order.slice(this.#head).filter((other) => other !== id);
    const at = rest.findIndex((other) => other > id);
    rest.splice(at === -1 ? rest.length : at, 0, id);
    this.#order = rest;
    this.#head = 0;
  }

  /** One delivery of the row is settled. */
  close(id: number): void {
    const count = this.#open.get(id);
    if (count === undefined) throw new Error(`row ${id} is not open`);
    if (count > 1) this.#open.set(id, count - 1);
    else this.#open.delete(id);
  }

  /** The first row with deliveries to come. */
  lowest(): number | undefined {
    for (;;) {
      const id = this.#order[this.#head];
      if (id === undefined || this.#open.has(id)) return id;
      this.#head += 1;
      if (this.#head > 1_000) {
        this.#order = this.#order.slice(this.#head);
        this.#head = 0;
      }
    }
  }
}
