import {
  afterBreakerEvent,
  attemptsAllowed,
  breakerAlarm,
  breakerOpenSince,
  type BreakerEvent,
  type BreakerState,
  closedBreaker,
  nextBreakerChangeAt,
} from './breaker.js';

const start = 1_000_000_000_000;
const minute = 60_000;

const ok: BreakerEvent = { type: 'succeeded', probe: false };
const failure = (thread: string, extra: Partial<BreakerEvent & { type: 'failed' }> = {}): BreakerEvent => ({
  type: 'failed',
  probe: false,
  thread,
  error: 'answered 500',
  unreachable: false,
  ...extra,
});

function run(events: readonly BreakerEvent[], from: BreakerState = closedBreaker, nowMs = start): BreakerState {
  return events.reduce((state, event) => afterBreakerEvent(state, event, nowMs, 0), from);
}

const opened = run(['a', 'b', 'c', 'd', 'e'].map((thread) => failure(thread)));
const probeFailed = failure('a', { probe: true });

describe('opening', () => {
  it('opens at the fifth failure in a row', () => {
    expect(run(['a', 'b', 'c', 'd'].map((thread) => failure(thread))).phase).toBe('closed');
    expect(opened.phase).toBe('open');
  });

  it('starts the row again after a success', () => {
    expect(run([failure('a'), failure('b'), failure('c'), failure('d'), ok, failure('e')]).phase).toBe('closed');
  });

  it('stays closed for one bad thread, however often it fails', () => {
    expect(run(Array.from({ length: 9 }, () => failure('a'))).phase).toBe('closed');
  });

  it('opens for one thread when the app is not reached at all', () => {
    expect(run(Array.from({ length: 5 }, () => failure('a', { unreachable: true }))).phase).toBe('open');
  });

  it('opens when half of twenty attempts within a minute fail', () => {
    const alternating = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? ok : failure(`t${n}`)));
    expect(run(alternating.slice(0, 19)).phase).toBe('closed');
    expect(run(alternating).phase).toBe('open');
  });

  it('forgets what is older than a minute', () => {
    const failures = Array.from({ length: 4 }, (_, n) => failure(`t${n}`));
    const successes = Array.from({ length: 8 }, () => ok);
    let state: BreakerState = closedBreaker;
    for (let n = 0; n < 10; n += 1) state = run([...successes, ...failures], state, start + n * minute);
    expect(state.phase).toBe('closed');
    if (state.phase === 'closed') expect(state.slots.length).toBeLessThanOrEqual(7);
  });
});

describe('while open', () => {
  it('lets one probe out, five seconds later, and no second one beside it', () => {
    expect(attemptsAllowed(opened, start + 4_999)).toBe(0);
    expect(nextBreakerChangeAt(opened, start)).toBe(start + 5_000);
    expect(attemptsAllowed(opened, start + 5_000)).toBe(1);
    const probing = run([{ type: 'probe-started' }], opened, start + 5_000);
    expect(attemptsAllowed(probing, start + minute)).toBe(0);
    expect(nextBreakerChangeAt(probing, start + minute)).toBeUndefined();
  });

  it('probes ever more rarely, at least every 30 s whatever the jitter', () => {
    let state = opened;
    let now = start;
    const gaps: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      now = nextBreakerChangeAt(state, now) ?? now;
      state = run([{ type: 'probe-started' }, probeFailed], state, now);
      gaps.push((nextBreakerChangeAt(state, now) ?? 0) - now);
    }
    expect(gaps.slice(0, 2)).toEqual([7_500, 11_250]);
    expect(gaps.at(-1)).toBe(30_000);
    const jittered = afterBreakerEvent(state, probeFailed, now, 0.999);
    expect((nextBreakerChangeAt(jittered, now) ?? 0) - now).toBeGreaterThan(23_000);
    expect((nextBreakerChangeAt(jittered, now) ?? 0) - now).toBeLessThan(30_000);
  });

  it('waits as long as the app asks', () => {
    const state = run([{ type: 'probe-started' }, failure('a', { probe: true, retryAfterMs: 90_000 })], opened);
    expect(nextBreakerChangeAt(state, start)).toBe(start + 90_000);
  });

  it('is not closed by what was under way when it opened', () => {
    expect(run([ok], opened).phase).toBe('open');
  });

  it('probes at once when resumed by hand, or when it was taken over while failing', () => {
    expect(attemptsAllowed(run([{ type: 'resumed' }], opened, start + 10), start + 10)).toBe(1);
    const takenOver = breakerOpenSince(start - 20 * minute, start, 'answered 500');
    expect(attemptsAllowed(takenOver, start)).toBe(1);
    expect(breakerAlarm(takenOver, start)).toBe('alert');
  });

  it('alerts after 15 minutes and counts as paused after an hour', () => {
    const alarms = [0, 15, 59, 60].map((minutes) => breakerAlarm(opened, start + minutes * minute));
    expect(alarms).toEqual(['failing', 'alert', 'alert', 'paused']);
    expect(breakerAlarm(closedBreaker, start)).toBe('none');
  });
});

describe('closing', () => {
  const closed = run([{ type: 'probe-started' }, { type: 'succeeded', probe: true }], opened);

  it('doubles what it lets through every second, then forgets the limit', () => {
    const allowed = [0, 999, 1_000, 2_000, 8_000, 9_000].map((ms) => attemptsAllowed(closed, start + ms));
    expect(allowed).toEqual([1, 1, 2, 4, 256, Infinity]);
    expect(nextBreakerChangeAt(closed, start + 1_500)).toBe(start + 2_000);
    expect(nextBreakerChangeAt(closed, start + 9_000)).toBeUndefined();
  });

  it('keeps the pace of the probes when it opens again within a minute, and starts over after that', () => {
    const slowed = run([{ type: 'probe-started' }, probeFailed], opened);
    const flapping = run([{ type: 'probe-started' }, { type: 'succeeded', probe: true }], slowed);
    const failures = ['a', 'b', 'c', 'd', 'e'].map((thread) => failure(thread));
    const again = run(failures, flapping, start + 10_000);
    expect(nextBreakerChangeAt(again, start + 10_000)).toBe(start + 10_000 + 7_500);
    const later = run(failures, run([ok], flapping, start + minute), start + minute);
    expect(nextBreakerChangeAt(later, start + minute)).toBe(start + minute + 5_000);
  });
});
