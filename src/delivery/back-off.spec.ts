import fc from 'fast-check';
import { backOffMs, isPastHorizon, parseRetryAfterMs } from './back-off.js';

const now = Date.parse('2026-01-01T00:00:00Z');

it('climbs the ladder and stays on its last rung', () => {
  const delays = [1, 2, 3, 4, 5, 6, 40].map((attemptCount) => backOffMs({ attemptCount, appIsWell: true }, 0));
  expect(delays).toEqual([1_000, 5_000, 30_000, 120_000, 600_000, 600_000, 600_000]);
});

it('waits no longer than 30 s while nothing shows that the app is well', () => {
  expect(backOffMs({ attemptCount: 9, appIsWell: false }, 0)).toBe(30_000);
});

it('adds at most a tenth of jitter and never cuts short what the app asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 0, max: 600_000 }),
      (attemptCount, random, retryAfterMs) => {
        const plain = backOffMs({ attemptCount, appIsWell: true }, 0);
        const jittered = backOffMs({ attemptCount, appIsWell: true }, random);
        expect(jittered).toBeGreaterThanOrEqual(plain);
        expect(jittered).toBeLessThanOrEqual(plain * 1.1 + 1);
        expect(backOffMs({ attemptCount, appIsWell: true, retryAfterMs }, random)).toBeGreaterThanOrEqual(retryAfterMs);
      },
    ),
  );
});

it.each([
  ['3', 3_000],
  [' 120 ', 120_000],
  ['0', 1_000],
  ['-5', 1_000],
  ['1000000000', 600_000],
  ['9'.repeat(400), 600_000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 1_000],
  ['Thu, 01 Jan 2099 00:00:00 GMT', 600_000],
  ['', undefined],
  ['soon', undefined],
  ['5.5', undefined],
  ['1e3', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
])('reads Retry-After %p as %p', (header, expected) => {
  expect(parseRetryAfterMs(header, now)).toBe(expected);
});

it('gives up at the horizon, not before', () => {
  expect(isPastHorizon(now, now + 999, 1_000)).toBe(false);
  expect(isPastHorizon(now, now + 1_000, 1_000)).toBe(true);
});
