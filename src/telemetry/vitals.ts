/** How one app stands with this instance. */
export interface AppVitals {
  readonly appId: string;
  /** Whether its breaker is open: nothing but probes goes out. */
  readonly failing: boolean;
  /** Deliveries in memory. */
  readonly queued: number;
}

/** A pool of database connections. */
export interface PoolVitals {
  readonly name: string;
  readonly total: number;
  readonly idle: number;
  /** Who waits for a connection. */
  readonly waiting: number;
}

/** How this instance is, read when somebody asks. */
export abstract class Vitals {
  abstract lanesHeld(): number;
  abstract apps(): readonly AppVitals[];
  abstract pools(): readonly PoolVitals[];
  /** How long ago the clock was set by the database's, in milliseconds. */
  abstract clockAgeMs(): number;
  /** How long this instance has been dispatching, in milliseconds; null: it does not yet. */
  abstract dispatchingForMs(): number | null;
}
