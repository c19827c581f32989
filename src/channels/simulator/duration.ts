const unitsMs = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** A duration as people write it: whole numbers with units, the largest first, such as `24h`, `1d12h` or `90m`. */
export const durationPattern =
  /^(?=\d)(?:\d{1,9}w)?(?:\d{1,9}d)?(?:\d{1,9}h)?(?:\d{1,9}m(?!s))?(?:\d{1,9}s)?(?:\d{1,9}ms)?$/;

/** The milliseconds of a text that matches `durationPattern`. */
export function durationMs(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[wdhms])/g)) {
    sum += Number(count) * unitsMs[unit as keyof typeof unitsMs]; // the expression matches these units only
  }
  return sum;
}
