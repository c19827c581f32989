import type { DataSource } from 'typeorm';
import { laneCount } from '../domain/ids.js';
import { pendingMigrations } from './data-source.js';

/** What the database itself says of how all instances are doing. */
export interface DispatchState {
  /** Instances that dispatch. */
  readonly instances: number;
  /** Lanes that nobody dispatches. */
  readonly unheldLanes: number;
  /** Rows that no instance has taken up, or that are under way. */
  readonly undispatchedRows: number;
}

/** What readiness and metrics ask the database. */
export class OperatingStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Names of migrations that this version needs and the database has not had. */
  pendingMigrations(): Promise<string[]> {
    return pendingMigrations(this.dataSource);
  }

  /** Settings of the server by which a crash may lose what was acknowledged; none: it is durable. */
  async undurableSettings(): Promise<string[]> {
    const rows: { name: string }[] = await this.dataSource.query(
      `select name from pg_settings
        where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting = 'off' order by name`,
    );
    return rows.map(({ name }) => name);
  }

  async dispatchState(): Promise<DispatchState> {
    const [row]: { instances: number; unheld: number; rows: number }[] = await this.dataSource.query(
      `select (select count(*)::int from dispatcher where seen_at > clock_timestamp() - interval '10 seconds') as instances,
              count(*) filter (where lease_until is null or lease_until < clock_timestamp())::int as unheld,
              sum(greatest(l.last_id - c.last_id, 0))::float8 as rows
         from lane l join cursor c using (lane)`,
    );
    return { instances: row?.instances ?? 0, unheldLanes: row?.unheld ?? laneCount, undispatchedRows: row?.rows ?? 0 };
  }

  /** How late the latest deadline is that nobody has fired, in milliseconds at `now` (since 1970); 0: none is. */
  async deadlineLatenessMs(now: number): Promise<number> {
    const [row]: { late: number | null }[] = await this.dataSource.query(
      `select $1::float8 - (extract(epoch from min(deadline_at)) * 1000)::float8 as late
         from thread where wake_at <= to_timestamp($1::float8 / 1000) and deadline_at <= to_timestamp($1::float8 / 1000)`,
      [now],
    );
    return Math.max(row?.late ?? 0, 0);
  }
}
