import { countdown, moment, span } from './format.js';

const hour = 3_600_000;
const day = 24 * hour;

describe('how times read', () => {
  it.each([
    [3 * day + 4 * hour + 59_000, '3 d 4 h'],
    [day - 60_000, '23 h 59 min'],
    [250_000, '4 min 10 s'],
    [2 * hour, '2 h'],
    [0, '0 s'],
    [-5_000, '0 s'],
  ])('tells %d ms in two units at most', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it.each([
    [day - 52_000, '23:59:08'],
    [3 * day + 4 * hour, '3 d 04:00:00'],
    [1, '00:00:01'],
    [-1, '00:00:00'],
  ])('counts %d ms down in a column that does not jump', (ms, text) => {
    expect(countdown(ms)).toBe(text);
  });

  it('names the day unless it is today', () => {
    const now = new Date(2026, 2, 3, 10, 42).getTime();
    const at = (date: number) => moment(new Date(2026, 2, date, 10, 42).getTime(), now);
    expect([at(3), at(4), at(2), at(9)]).toEqual(['10:42', 'tomorrow 10:42', 'yesterday 10:42', '9 Mar, 10:42']);
  });
});
