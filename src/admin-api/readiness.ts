import { Injectable } from '@nestjs/common';
import { OperatingStore } from '../store/operating.store.js';
import { Vitals } from '../telemetry/vitals.js';

/** One thing that was looked at, and what is wrong with it, for people. */
export interface Check {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly detail: string | null;
}

export interface ReadinessReport {
  /** `unavailable`: send requests elsewhere. `degraded`: they are served, and somebody should look. */
  readonly status: Check['status'];
  readonly checks: Readonly<Record<'database' | 'migrations' | 'clock' | 'dispatch' | 'durability', Check>>;
}

/** The clock is set every thirty seconds: after several failures it runs on its own. */
const clockAgeMaxMs = 120_000;
/** How long an instance may take to get its share of the lanes. */
const claimingMs = 15_000;
/** Probes of a whole fleet must not become a load. */
const freshForMs = 1_000;

const well: Check = { status: 'ok', detail: null };

/** Whether requests can be served, and what is wrong. */
@Injectable()
export class Readiness {
  #last: { readonly atMs: number; readonly report: Promise<ReadinessReport> } | null = null;

  constructor(
    private readonly operating: OperatingStore,
    private readonly vitals: Vitals,
  ) {}

  /** Looks at everything, at most once a second however often it is asked. */
  look(): Promise<ReadinessReport> {
    const nowMs = performance.now();
    if (this.#last === null || nowMs - this.#last.atMs > freshForMs) {
      this.#last = { atMs: nowMs, report: this.#look() };
    }
    return this.#last.report;
  }

  async #look(): Promise<ReadinessReport> {
    const clock = this.#clock();
    const asked = await this.#askDatabase().catch(() => null);
    const unknown: Check = { status: 'unavailable', detail: 'The database cannot be asked.' };
    const checks =
      asked === null
        ? {
            database: { status: 'unavailable', detail: 'The database does not answer.' } as const,
            migrations: unknown,
            clock,
            dispatch: unknown,
            durability: unknown,
          }
        : { database: well, clock, ...asked };
    const statuses = Object.values(checks).map(({ status }) => status);
    const status = statuses.includes('unavailable') ? 'unavailable' : statuses.includes('degraded') ? 'degraded' : 'ok';
    return { status, checks };
  }

  async #askDatabase(): Promise<Pick<ReadinessReport['checks'], 'migrations' | 'dispatch' | 'durability'>> {
    const [pending, undurable, state] = await Promise.all([
      this.operating.pendingMigrations(),
      this.operating.undurableSettings(),
      this.operating.dispatchState(),
    ]);
    return {
      migrations:
        pending.length === 0
          ? well
          : {
              status: 'unavailable',
              detail: `The database lacks ${pending.join(', ')}: start a server to migrate it.`,
            },
      dispatch: this.#dispatch(state.instances, state.unheldLanes),
      durability:
        undurable.length === 0
          ? well
          : {
              status: 'degraded',
              detail: `${undurable.join(', ')} is off in the database: a crash of it loses what was acknowledged.`,
            },
    };
  }

  #clock(): Check {
    const ageMs = this.vitals.clockAgeMs();
    if (ageMs <= clockAgeMaxMs) return well;
    return {
      status: 'degraded',
      detail: `The clock was last set by the database's ${Math.round(ageMs / 1000)} seconds ago.`,
    };
  }

  #dispatch(instances: number, unheldLanes: number): Check {
    const forMs = this.vitals.dispatchingForMs();
    if (forMs === null || forMs < claimingMs) return well;
    if (this.vitals.lanesHeld() === 0) {
      return { status: 'degraded', detail: `This instance dispatches nothing, although ${instances} share the lanes.` };
    }
    if (unheldLanes === 0) return well;
    return { status: 'degraded', detail: `Nobody dispatches ${unheldLanes} lanes just now.` };
  }
}
