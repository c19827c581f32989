import { marketing, support } from './cast.js';
import { withCast, type MeasureOptions } from './measurement.js';

/** How the apps' own calls fare: control that moves, and the question who has it. */
export interface CallsMeasurement {
  /** Passes and releases, at a fixed pace. */
  readonly control: {
    readonly perSecond: number;
    readonly calls: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  };
  /** Reads of a thread's owner, as many as go. */
  readonly reads: { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };
}

const controlPerSecond = 500;
const controlSeconds = 10;
/** Each thread is passed and released once. */
const people = (controlPerSecond * controlSeconds) / 2;
const warmUpReads = 20_000;
const reads = 80_000;

export function measureCalls(options: MeasureOptions): Promise<CallsMeasurement> {
  return withCast(options, 100, async ({ servers: [server], load }) => {
    if (server === undefined) throw new Error('no server was started');
    const tokens = { marketing: await server.issueToken(marketing), support: await server.issueToken(support) };
    // The first time warms up.
    let control = { calls: 0, p50Ms: 0, p99Ms: 0 };
    for (let round = 0; round < 2; round += 1) {
      await load.ask({ type: 'prepareAdEntries', people });
      await load.ask({ type: 'run' });
      const { events, p50Ms, p99Ms } = await load.ask({ type: 'control', people, perSecond: controlPerSecond, tokens });
      control = { calls: events, p50Ms, p99Ms };
    }
    options.say(`pass and release: p99 ${control.p99Ms.toFixed(1)} ms at ${controlPerSecond}/s`);

    const read = async (count: number) => {
      await load.ask({ type: 'prepareOwnerReads', reads: count, people, token: tokens.support });
      return load.ask({ type: 'run' });
    };
    await read(warmUpReads);
    const { firstPostAtMs, lastAnswerAtMs, p50Ms, p99Ms } = await read(reads);
    const perSecond = (reads / (lastAnswerAtMs - firstPostAtMs)) * 1000;
    options.say(`reading the owner: ${perSecond.toFixed(0)}/s`);
    return { control: { perSecond: controlPerSecond, ...control }, reads: { perSecond, p50Ms, p99Ms } };
  });
}
