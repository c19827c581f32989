import type {
  CursorStore,
  DeadLetter,
  OwedBlock,
  OwedTrim,
  Progress,
  StalledKey,
  StalledRecord,
} from '../store/cursor.store.js';
import type { Lag, LaneProgress, StalledPair } from './lane-progress.js';
import { noteTrim, type OwedRows } from './owed-rows.js';

/** What one save takes from a lane, to be put back if it fails. */
interface Taken {
  readonly lane: LaneProgress;
  readonly position: number;
  readonly stalledChanges: LaneProgress['stalledChanges'];
  readonly trims: LaneProgress['trims'];
  readonly deadLetters: DeadLetter[];
  readonly owed: ReadonlyMap<Lag, OwedBlock[]>;
}

/**
 * Writes how far lanes are dispatched, every so often and never per delivery. A position and everything that allows it
 * to be where it is go into one statement: threads put aside, ids owed, dead letters.
 */
export class ProgressSaver {
  constructor(
    private readonly cursors: CursorStore,
    private readonly owed: OwedRows,
  ) {}

  /** Saves what changed; answers the lanes that turned out to be another instance's. */
  async save(lanes: readonly LaneProgress[]): Promise<LaneProgress[]> {
    const taken = lanes.map((lane) => this.#take(lane)).filter((change) => change !== null);
    if (taken.length === 0) return [];
    let saved: ReadonlySet<number>;
    try {
      saved = new Set(await this.cursors.save(progressOf(taken)));
    } catch (error) {
      for (const change of taken) this.#putBack(change);
      throw error;
    }
    const lost: LaneProgress[] = [];
    for (const change of taken) {
      for (const [lag, blocks] of change.owed) this.owed.endSave(lag, blocks);
      forgetDrained(change);
      if (saved.has(change.lane.lane)) change.lane.savedPosition = change.position;
      else lost.push(change.lane);
    }
    return lost;
  }

  #take(lane: LaneProgress): Taken | null {
    const owed = new Map<Lag, OwedBlock[]>();
    for (const lag of lane.lags.values()) {
      if (lag.run !== null) noteTrim(lag, lag.run);
      const blocks = this.owed.beginSave(lag);
      if (blocks.length > 0) owed.set(lag, blocks);
    }
    const { stalledChanges, trims, deadLetters } = lane;
    const position = lane.position();
    const changed =
      position !== lane.savedPosition ||
      stalledChanges.size > 0 ||
      trims.size > 0 ||
      deadLetters.length > 0 ||
      owed.size > 0;
    if (!changed) return null;
    lane.stalledChanges = new Map<string, StalledPair | StalledKey>();
    lane.trims = new Map<string, OwedTrim>();
    lane.deadLetters = [];
    return { lane, position, stalledChanges, trims, deadLetters, owed };
  }

  /** What has changed since goes before what was to be saved. */
  #putBack({ lane, stalledChanges, trims, deadLetters, owed }: Taken): void {
    lane.stalledChanges = new Map([...stalledChanges, ...lane.stalledChanges]);
    lane.trims = new Map([...trims, ...lane.trims]);
    lane.deadLetters = [...deadLetters, ...lane.deadLetters];
    for (const lag of owed.keys()) this.owed.endSave(lag, null);
  }
}

/** Drained blocks are gone from the disk with the last of their trims. */
function forgetDrained({ lane, trims }: Taken): void {
  for (const [name, { appId, firstId }] of trims) {
    if (!lane.trims.has(name)) lane.lags.get(appId)?.drained.delete(firstId);
  }
}

function progressOf(taken: readonly Taken[]): Progress {
  const stalled: StalledRecord[] = [];
  const recovered: StalledKey[] = [];
  for (const { stalledChanges } of taken) {
    for (const change of stalledChanges.values()) {
      if ('outlet' in change) stalled.push({ ...change, lane: change.lane.lane });
      else recovered.push(change);
    }
  }
  return {
    positions: taken.map(({ lane, position }) => ({ lane: lane.lane, epoch: lane.lease.epoch, lastId: position })),
    stalled,
    recovered,
    owed: taken.flatMap((change) => [...change.owed.values()].flat()),
    trimmed: taken.flatMap((change) => [...change.trims.values()]),
    deadLetters: taken.flatMap((change) => change.deadLetters),
  };
}
