import { isGraphId, laneCount, laneOf, pageId, psid, threadName } from './ids.js';

describe('laneOf', () => {
  // Computed by another program. A stored row's lane is its address, so these never change.
  it.each([
    ['104700000000001', '7000000000000101', 252],
    ['104700000000001', '7000000000000102', 143],
    ['104700000000002', '7000000000000101', 117],
    ['104700000000001', '800000000000202', 234],
    ['1', '1', 220],
    ['1', '11', 149],
    ['11', '1', 101],
    ['2', '4', 14],
    ['9007199254740993', '9007199254740992', 123],
    ['99999999999999999999', '1', 73],
    ['18446744073709551615', '18446744073709551615', 49],
  ])('puts page %s and person %s into lane %i', (page, person, lane) => {
    expect(laneOf({ pageId: pageId(page), psid: psid(person) })).toBe(lane);
  });

  it('uses every lane about as often, also for ids in a row', () => {
    const threads = 100_000;
    const counts = new Array<number>(laneCount).fill(0);
    for (let index = 0; index < threads; index++) {
      const lane = laneOf({ pageId: pageId('104700000000001'), psid: psid(String(7_000_000_000_000_000 + index)) });
      counts[lane] = (counts[lane] ?? 0) + 1;
    }
    const mean = threads / laneCount;
    expect(Math.min(...counts)).toBeGreaterThan(mean * 0.8);
    expect(Math.max(...counts)).toBeLessThan(mean * 1.2);
  });
});

describe('isGraphId', () => {
  it.each(['1', '104700000000001', '18446744073709551615', '99999999999999999999'])('takes %s', (text) => {
    expect(isGraphId(text)).toBe(true);
  });

  it.each(['', '0', '01', '-1', '+1', '1.0', '1e3', ' 1', '1 ', '1\n', '١', 'me', '100000000000000000000'])(
    'refuses %j',
    (text) => {
      expect(isGraphId(text)).toBe(false);
    },
  );
});

it('names a thread by page and person', () => {
  const names = [
    ['1', '11'],
    ['11', '1'],
  ].map(([page = '', person = '']) => threadName({ pageId: pageId(page), psid: psid(person) }));
  expect(new Set(names).size).toBe(2);
});
