import fc from 'fast-check';
import { laneCount } from '../domain/ids.js';
import { decodeFeedCursor, encodeFeedCursor } from './feed-cursor.js';

const positions = fc.array(fc.oneof(fc.nat(300), fc.maxSafeNat()), { minLength: laneCount, maxLength: laneCount });

it('reads back every position', () => {
  fc.assert(
    fc.property(positions, (positions) => {
      const cursor = { incarnation: 'a1b2c3d4', positions };
      expect(decodeFeedCursor(encodeFeedCursor(cursor))).toEqual(cursor);
    }),
  );
});

it('stays short where little has happened', () => {
  const cursor = { incarnation: 'a1b2c3d4', positions: Array.from({ length: laneCount }, () => 100) };
  expect(encodeFeedCursor(cursor).length).toBeLessThan(360);
});

it('refuses what is no cursor', () => {
  const whole = encodeFeedCursor({ incarnation: 'a1b2c3d4', positions: Array.from({ length: laneCount }, () => 5) });
  for (const text of ['', 'x', 'AAAA', whole.slice(0, -4), `${whole}AAAA`, 'é'.repeat(100)]) {
    expect(decodeFeedCursor(text)).toBeNull();
  }
});
