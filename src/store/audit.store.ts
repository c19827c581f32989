import type { DataSource } from 'typeorm';
import type { Role } from '../domain/role.js';
import { parseJson } from '../domain/wire-json.js';
import { asAct, insertAct, type Act } from './act.js';

/** An entry of the audit trail. */
export interface AuditEntry extends Act {
  /** Rises with every entry. */
  readonly id: string;
  readonly at: Date;
  /** What it was like, and is now, without secrets; null: the act changed nothing that could be shown, or there was nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

interface Row {
  id: string;
  at: Date;
  name: string;
  role: Role;
  token_id: string | null;
  address: string;
  action: string;
  object: string;
  before: string | null;
  after: string | null;
  trace_id: string;
}

/** The audit trail: who did what through the admin API. */
export class AuditStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Does `work` as an act, which is in the trail before this returns. */
  run<T>(act: Act, work: () => Promise<T>): Promise<T> {
    return asAct(act, work, () => this.enter(act));
  }

  /** Enters an act that has been done. */
  async enter(act: Act): Promise<void> {
    await insertAct(this.dataSource.manager, act, null, null);
  }

  /** Entries, the latest first, before the one with the id `before`. */
  async list(before: string | null, limit: number): Promise<AuditEntry[]> {
    const rows: Row[] = await this.dataSource.query(
      'select * from audit where $1::bigint is null or id < $1 order by id desc limit $2',
      [before, limit],
    );
    return rows.map((row) => ({
      id: row.id,
      at: row.at,
      name: row.name,
      role: row.role,
      tokenId: row.token_id,
      address: row.address,
      action: row.action,
      object: JSON.parse(row.object) as Record<string, string>,
      before: row.before === null ? null : parseJson(row.before),
      after: row.after === null ? null : parseJson(row.after),
      traceId: row.trace_id,
    }));
  }
}
