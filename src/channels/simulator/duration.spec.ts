import { durationMs, durationPattern } from './duration.js';

describe('a duration', () => {
  it.each([
    ['24h', 86_400_000],
    ['1d12h', 129_600_000],
    ['90m', 5_400_000],
    ['1w2d3h4m5s6ms', 604_800_000 + 2 * 86_400_000 + 3 * 3_600_000 + 4 * 60_000 + 5_000 + 6],
    ['1500ms', 1_500],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(durationPattern.test(text)).toBe(true);
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', 'h', '24', '24 h', '-1h', '1.5h', '1h1d', '1h1h', '24H', '9999999999h', '1h\n', 'PT24H'])(
    'is not %j',
    (text) => {
      expect(durationPattern.test(text)).toBe(false);
    },
  );
});
