/** After the first failure a second, then longer; the last one repeats until the horizon. */
const ladderMs: readonly number[] = [1_000, 5_000, 30_000, 120_000, 600_000];

/** While nothing shows that the app is well, nobody waits longer: it may be back at any moment. */
const unprovenDelayMaxMs = 30_000;

const retryAfterMinMs = 1_000;
const retryAfterMaxMs = 600_000;

export interface FailedAttempt {
  /** Attempts made so far, at least 1. */
  readonly attemptCount: number;
  /** What the app asked for. */
  readonly retryAfterMs?: number;
  /** Whether the app has acknowledged something else since this delivery first failed. */
  readonly appIsWell: boolean;
}

/**
 * How long to wait before a delivery that holds up its thread is tried again. A tenth of jitter, always upwards, keeps
 * deliveries that failed together from coming back together.
 *
 * @param random uniform in [0, 1)
 */
export function backOffMs(failed: FailedAttempt, random: number): number {
  const step = ladderMs[Math.min(failed.attemptCount, ladderMs.length) - 1] ?? retryAfterMinMs;
  const delayMs = failed.appIsWell ? step : Math.min(step, unprovenDelayMaxMs);
  return Math.max(Math.round(delayMs * (1 + random / 10)), failed.retryAfterMs ?? 0);
}

/** Whether a delivery whose event happened at `at` is too old to be tried again. */
export function isPastHorizon(atMs: number, nowMs: number, horizonMs: number): boolean {
  return nowMs - atMs >= horizonMs;
}

/**
 * Reads a `Retry-After`: seconds, or a date. Kept between one second and ten minutes, so that no receiver makes us
 * hammer it or forget it; what is neither is ignored.
 */
export function parseRetryAfterMs(header: string | string[], nowMs: number): number | undefined {
  const text = (Array.isArray(header) ? (header[0] ?? '') : header).trim();
  // Dates in HTTP begin with the name of a day; `Date.parse` alone would read "5.5" as one.
  const waitMs = /^[+-]?\d+$/.test(text)
    ? Number(text) * 1_000
    : /^[A-Za-z]{3}/.test(text)
      ? Date.parse(text) - nowMs
      : NaN;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, retryAfterMinMs), retryAfterMaxMs);
}
