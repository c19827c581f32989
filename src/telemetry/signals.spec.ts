import { jest } from '@jest/globals';
import { Signal } from './signals.js';

it('a listener that throws keeps nobody from hearing, and its error is not lost', () => {
  const later: (() => void)[] = [];
  const immediate = jest.spyOn(globalThis, 'setImmediate').mockImplementation(((task: () => void) => {
    later.push(task);
  }) as never);
  const signal = new Signal<number>();
  const heard: number[] = [];
  signal.listen(() => {
    throw new Error('a listener broke');
  });
  signal.listen((told) => heard.push(told));
  signal.tell(1);
  immediate.mockRestore();
  expect(heard).toEqual([1]);
  expect(later).toHaveLength(1);
  expect(later[0]).toThrow('a listener broke');
});

it('nobody hears who has stopped listening', () => {
  const signal = new Signal<number>();
  const heard: number[] = [];
  const stop = signal.listen((told) => heard.push(told));
  signal.tell(1);
  stop();
  signal.tell(2);
  expect([heard, signal.isUnheard]).toEqual([[1], true]);
});
