import type { DataSource } from 'typeorm';
import type { Role } from '../domain/role.js';
import { enterAct, type State } from './act.js';
import { hasHash, idOfToken, newOpaqueToken } from './opaque-token.js';

const prefix = 'sbx_admin_';

/** A token of the admin API as people see it: never the token itself. */
export interface AdminTokenRecord {
  readonly tokenId: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  /** Null: it does not end by itself. */
  readonly expiresAt: Date | null;
  /** To the minute; null: never. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

interface Row {
  token_id: string;
  token_hash: string;
  name: string;
  role: Role;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  /** By the database's clock, which every instance has in common and the emulator cannot move. */
  usable: boolean;
}

const columns = `token_id, token_hash, name, role, created_at, expires_at, last_used_at, revoked_at,
  revoked_at is null and (expires_at is null or expires_at > now()) as usable`;

/** The tokens of the admin API. Each use asks the database, so a revoked token ends at once on every instance. */
export class AdminTokenStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The valid token that was sent; null: it is none. Notes when it was used, to the minute. */
  async findValid(token: string): Promise<AdminTokenRecord | null> {
    const tokenId = idOfToken(prefix, token);
    if (tokenId === null) return null;
    const row = await this.#find(tokenId);
    if (row === null || !hasHash(token, row.token_hash) || !row.usable) return null;
    await this.dataSource.query(
      `update admin_token set last_used_at = now()
       where token_id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
      [tokenId],
    );
    return toRecord(row);
  }

  async isValid(tokenId: string): Promise<boolean> {
    return (await this.#find(tokenId))?.usable ?? false;
  }

  /** Tokens in the order of their ids, after `after`. */
  async list(after: string, limit: number): Promise<AdminTokenRecord[]> {
    const rows: Row[] = await this.dataSource.query(
      `select ${columns} from admin_token where token_id > $1 order by token_id limit $2`,
      [after, limit],
    );
    return rows.map(toRecord);
  }

  /** A new token; it is in this answer only. */
  async create(name: string, role: Role, expiresAt: Date | null): Promise<AdminTokenRecord & { token: string }> {
    const { token, id, hash } = newOpaqueToken(prefix);
    return this.dataSource.transaction(async (manager) => {
      const [row]: Row[] = await manager.query(
        `insert into admin_token (token_id, token_hash, name, role, expires_at) values ($1, $2, $3, $4, $5)
         returning ${columns}`,
        [id, hash, name, role, expiresAt],
      );
      if (row === undefined) throw new Error('the new token was not returned');
      await enterAct(manager, null, stateOf(row));
      return { ...toRecord(row), token };
    });
  }

  /** Ends a token and every session that was opened with it; false: there is no such token. */
  async revoke(tokenId: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [found]: Row[] = await manager.query(`select ${columns} from admin_token where token_id = $1 for update`, [
        tokenId,
      ]);
      if (found === undefined) return false;
      await manager.query('update admin_token set revoked_at = coalesce(revoked_at, now()) where token_id = $1', [
        tokenId,
      ]);
      await manager.query('delete from admin_session where token_id = $1', [tokenId]);
      await enterAct(manager, stateOf(found), null);
      return true;
    });
  }

  async #find(tokenId: string): Promise<Row | null> {
    const [row]: Row[] = await this.dataSource.query(`select ${columns} from admin_token where token_id = $1`, [
      tokenId,
    ]);
    return row ?? null;
  }
}

function toRecord(row: Row): AdminTokenRecord {
  return {
    tokenId: row.token_id,
    name: row.name,
    role: row.role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

function stateOf({ token_id, name, role, expires_at }: Row): State {
  return { token_id, name, role, expires_at };
}
