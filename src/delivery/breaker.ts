/**
 * The breaker of one app: pure, so that every rule can be shown with a list of events and times.
 *
 * It opens at five failures in a row, or when half of at least twenty attempts within a minute fail. While it is open a
 * single probe goes out at a time, every five seconds at first and at most every thirty. The first probe that succeeds
 * closes it; then the app is let in slowly, twice as many at once each second, because a receiver that just came back is
 * easily knocked over again.
 *
 * One bad thread must not open it: five in a row count only if two threads failed, or if the app was not reached at all,
 * which no content of a request can cause. The window needs no such rule, since a failing thread is retried ever more
 * rarely and cannot make ten failures in a minute.
 */

export type BreakerState = ClosedBreaker | OpenBreaker;

interface Slot {
  readonly startMs: number;
  readonly succeeded: number;
  readonly failed: number;
}

interface ClosedBreaker {
  readonly phase: 'closed';
  readonly failuresInRow: number;
  /** The first thread of the row. */
  readonly firstThread: string | null;
  /** Whether the row accuses the app: a second thread failed too, or the app was not reached. */
  readonly accusesApp: boolean;
  readonly slots: readonly Slot[];
  /** Since when it is closed again and how far probes had slowed down; null if it never was open, or long ago. */
  readonly recovered: { readonly atMs: number; readonly probeDelayMs: number } | null;
}

interface OpenBreaker {
  readonly phase: 'open';
  /** When the app stopped answering as it should: alerts and the pause count from here. */
  readonly sinceMs: number;
  readonly probeDelayMs: number;
  readonly nextProbeAtMs: number;
  readonly probing: boolean;
  readonly lastError: string;
}

export type BreakerEvent =
  | { readonly type: 'succeeded'; readonly probe: boolean }
  | {
      readonly type: 'failed';
      readonly probe: boolean;
      readonly thread: string;
      readonly error: string;
      /** No answer from the app itself: no thread's content can be the reason. */
      readonly unreachable: boolean;
      readonly retryAfterMs?: number;
    }
  | { readonly type: 'probe-started' }
  /** Someone resumed the app by hand: probe at once. */
  | { readonly type: 'resumed' };

const failuresInRowMax = 5;
const windowMs = 60_000;
const slotMs = 10_000;
const windowAttemptsMin = 20;
const windowFailedShareMax = 0.5;
const probeDelayMinMs = 5_000;
const probeDelayMaxMs = 30_000;
const probeDelayGrowth = 1.5;
const slowStartStepMs = 1_000;
/** From this many at once on, slow start is over: 2^9 is more than any app's concurrency. */
const slowStartSteps = 9;
export const alertAfterMs = 15 * 60_000;
export const pausedAfterMs = 60 * 60_000;

export const closedBreaker: ClosedBreaker = {
  phase: 'closed',
  failuresInRow: 0,
  firstThread: null,
  accusesApp: false,
  slots: [],
  recovered: null,
};

/** The breaker of an app that was failing when another instance had it: a probe may go out at once. */
export function breakerOpenSince(sinceMs: number, nowMs: number, error: string): BreakerState {
  return {
    phase: 'open',
    sinceMs,
    probeDelayMs: probeDelayMinMs,
    nextProbeAtMs: nowMs,
    probing: false,
    lastError: error,
  };
}

/**
 * The breaker after an event.
 *
 * @param random uniform in [0, 1), spreads the probes of many apps
 */
export function afterBreakerEvent(
  state: BreakerState,
  event: BreakerEvent,
  nowMs: number,
  random: number,
): BreakerState {
  return state.phase === 'closed' ? closedAfter(state, event, nowMs, random) : openAfter(state, event, nowMs, random);
}

/** How many attempts may be under way at this moment. */
export function attemptsAllowed(state: BreakerState, nowMs: number): number {
  if (state.phase === 'open') return !state.probing && nowMs >= state.nextProbeAtMs ? 1 : 0;
  if (state.recovered === null) return Infinity;
  const step = Math.floor((nowMs - state.recovered.atMs) / slowStartStepMs);
  return step >= slowStartSteps ? Infinity : 2 ** Math.max(step, 0);
}

/** When `attemptsAllowed` will next grow by itself; undefined if it will not. */
export function nextBreakerChangeAt(state: BreakerState, nowMs: number): number | undefined {
  if (state.phase === 'open') return state.probing ? undefined : state.nextProbeAtMs;
  if (state.recovered === null) return undefined;
  const step = Math.floor((nowMs - state.recovered.atMs) / slowStartStepMs);
  return step >= slowStartSteps ? undefined : state.recovered.atMs + (step + 1) * slowStartStepMs;
}

/** What people are told about the app: it fails for a while, or for so long that it counts as paused. */
export function breakerAlarm(state: BreakerState, nowMs: number): 'none' | 'failing' | 'alert' | 'paused' {
  if (state.phase === 'closed') return 'none';
  const failingMs = nowMs - state.sinceMs;
  return failingMs >= pausedAfterMs ? 'paused' : failingMs >= alertAfterMs ? 'alert' : 'failing';
}

function closedAfter(state: ClosedBreaker, event: BreakerEvent, nowMs: number, random: number): BreakerState {
  switch (event.type) {
    case 'succeeded':
      return {
        ...state,
        failuresInRow: 0,
        firstThread: null,
        accusesApp: false,
        slots: counted(state.slots, nowMs, true),
        recovered: stillRecovering(state, nowMs),
      };
    case 'failed': {
      const next: ClosedBreaker = {
        ...state,
        failuresInRow: state.failuresInRow + 1,
        firstThread: state.firstThread ?? event.thread,
        accusesApp:
          state.accusesApp || event.unreachable || (state.firstThread !== null && state.firstThread !== event.thread),
        slots: counted(state.slots, nowMs, false),
        recovered: stillRecovering(state, nowMs),
      };
      return mustOpen(next) ? opened(next, event, nowMs, random) : next;
    }
    case 'probe-started':
    case 'resumed':
      return state;
  }
}

function openAfter(state: OpenBreaker, event: BreakerEvent, nowMs: number, random: number): BreakerState {
  switch (event.type) {
    case 'probe-started':
      return { ...state, probing: true };
    case 'resumed':
      return { ...state, nextProbeAtMs: nowMs };
    case 'succeeded':
      // What was under way when it opened says little about now.
      if (!event.probe) return state;
      return { ...closedBreaker, recovered: { atMs: nowMs, probeDelayMs: state.probeDelayMs } };
    case 'failed': {
      if (!event.probe) return state;
      const probeDelayMs = Math.min(state.probeDelayMs * probeDelayGrowth, probeDelayMaxMs);
      return {
        ...state,
        probing: false,
        probeDelayMs,
        nextProbeAtMs: nextProbeAt(nowMs, probeDelayMs, random, event.retryAfterMs),
        lastError: event.error,
      };
    }
  }
}

function mustOpen(state: ClosedBreaker): boolean {
  if (state.accusesApp && state.failuresInRow >= failuresInRowMax) return true;
  const failed = state.slots.reduce((sum, slot) => sum + slot.failed, 0);
  const all = failed + state.slots.reduce((sum, slot) => sum + slot.succeeded, 0);
  return all >= windowAttemptsMin && failed >= all * windowFailedShareMax;
}

function opened(
  state: ClosedBreaker,
  event: BreakerEvent & { type: 'failed' },
  nowMs: number,
  random: number,
): OpenBreaker {
  // One that flaps keeps the pace it had, or every short recovery would start the rush again.
  const probeDelayMs = state.recovered?.probeDelayMs ?? probeDelayMinMs;
  return {
    phase: 'open',
    sinceMs: nowMs,
    probeDelayMs,
    nextProbeAtMs: nextProbeAt(nowMs, probeDelayMs, random, event.retryAfterMs),
    probing: false,
    lastError: event.error,
  };
}

/** Jitter only shortens, so that nobody waits longer than the bound; a `Retry-After` is obeyed. */
function nextProbeAt(nowMs: number, delayMs: number, random: number, retryAfterMs = 0): number {
  return nowMs + Math.max(Math.round(delayMs * (1 - random / 5)), retryAfterMs);
}

function stillRecovering(state: ClosedBreaker, nowMs: number): ClosedBreaker['recovered'] {
  return state.recovered !== null && nowMs - state.recovered.atMs < windowMs ? state.recovered : null;
}

function counted(slots: readonly Slot[], nowMs: number, succeeded: boolean): readonly Slot[] {
  const startMs = nowMs - (nowMs % slotMs);
  const last = slots.at(-1);
  const add = (slot: Slot): Slot =>
    succeeded ? { ...slot, succeeded: slot.succeeded + 1 } : { ...slot, failed: slot.failed + 1 };
  if (last !== undefined && last.startMs >= startMs) return [...slots.slice(0, -1), add(last)];
  return [...slots.filter((slot) => slot.startMs > nowMs - windowMs), add({ startMs, succeeded: 0, failed: 0 })];
}
