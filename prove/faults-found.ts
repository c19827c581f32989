/** What must not be: each kind with how often, and the first few in words. */
export class FaultsFound {
  readonly #found = new Map<string, { count: number; examples: string[] }>();

  /** @param invariant the invariant that is broken, as `I1` */
  add(invariant: string, sentence: string): void {
    const known = this.#found.get(invariant) ?? { count: 0, examples: [] };
    known.count += 1;
    if (known.examples.length < 5) known.examples.push(sentence);
    this.#found.set(invariant, known);
  }

  count(invariant: string): number {
    return this.#found.get(invariant)?.count ?? 0;
  }

  get any(): boolean {
    return this.#found.size > 0;
  }

  lines(): string[] {
    return [...this.#found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([invariant, { count, examples }]) => [
        `${invariant}: ${count} time${count === 1 ? '' : 's'}`,
        ...examples.map((example) => `    ${example}`),
      ]);
  }
}
