/** How many colours `tokens.css` has for apps. */
const hueCount = 10;

/** A number that only depends on the text (FNV-1a). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

export function hueOf(id: string): number {
  return hash(id) % hueCount;
}

/** A colour for each id: its own where it is free, so that up to ten never look alike and none changes without need. */
export function huesOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const hues = new Map<string, number>();
  const taken = new Set<number>();
  for (const id of [...ids].sort()) {
    let hue = hueOf(id);
    for (let step = 0; step < hueCount && taken.has(hue); step += 1) hue = (hue + 1) % hueCount;
    taken.add(hue);
    hues.set(id, hue);
  }
  return hues;
}
