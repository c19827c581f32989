import { randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { Role } from '../domain/role.js';
import { sha256 } from './opaque-token.js';

/** How long a one-time sign-in link is good for. */
const codeMinutes = 15;

/** What a session was opened with: a token of the admin API, or the installation's own, known by its fingerprint. */
export type SessionCredential =
  | { readonly tokenId: string; readonly bootstrapFingerprint: null }
  | { readonly tokenId: null; readonly bootstrapFingerprint: string };

export interface SessionRecord {
  readonly credential: SessionCredential;
  /** Of the token it was opened with; null: of the installation's own. */
  readonly token: { readonly name: string; readonly role: Role } | null;
  readonly expiresAt: Date;
}

export interface SessionLimits {
  /** A session that nobody uses ends after so many minutes. */
  readonly idleMinutes: number;
  /** And one that is used after so many hours. */
  readonly hours: number;
}

interface Row {
  token_id: string | null;
  bootstrap_fingerprint: string | null;
  name: string | null;
  role: Role | null;
  expires_at: Date;
  stale: boolean;
}

/**
 * Browser sessions and the codes of sign-in links, of which only hashes are kept. They are in the database so that every
 * instance accepts them and a session that is ended is ended everywhere. Their time is the database's.
 */
export class SessionStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly limits: SessionLimits,
  ) {}

  /** Opens a session; the id is what the cookie holds. `replaced` is the id of the one the browser had, which ends. */
  async open(credential: SessionCredential, replaced: string | null): Promise<{ id: string; expiresAt: Date }> {
    const id = randomBytes(32).toString('base64url');
    return this.dataSource.transaction(async (manager) => {
      if (replaced !== null) await deleteSession(manager, sha256(replaced));
      await manager.query(
        `delete from admin_session where expires_at <= now() or last_seen_at <= now() - make_interval(mins => $1)`,
        [this.limits.idleMinutes],
      );
      const [row]: { expires_at: Date }[] = await manager.query(
        `insert into admin_session (session_hash, token_id, bootstrap_fingerprint, expires_at)
         values ($1, $2, $3, now() + make_interval(hours => $4)) returning expires_at`,
        [sha256(id), credential.tokenId, credential.bootstrapFingerprint, this.limits.hours],
      );
      if (row === undefined) throw new Error('the new session was not returned');
      return { id, expiresAt: row.expires_at };
    });
  }

  /** The session whose id has this hash, if it has not ended. `use` keeps it from ending for want of use. */
  async find(sessionHash: string, use: boolean): Promise<SessionRecord | null> {
    const [row]: Row[] = await this.dataSource.query(
      `select s.token_id, s.bootstrap_fingerprint, t.name, t.role, s.expires_at,
         s.last_seen_at < now() - interval '30 seconds' as stale
       from admin_session s left join admin_token t on t.token_id = s.token_id
       where s.session_hash = $1 and s.expires_at > now() and s.last_seen_at > now() - make_interval(mins => $2)
         and (s.token_id is null or t.revoked_at is null and (t.expires_at is null or t.expires_at > now()))`,
      [sessionHash, this.limits.idleMinutes],
    );
    if (row === undefined) return null;
    if (use && row.stale) {
      await this.dataSource.query('update admin_session set last_seen_at = now() where session_hash = $1', [
        sessionHash,
      ]);
    }
    return toRecord(row);
  }

  async end(sessionHash: string): Promise<void> {
    await deleteSession(this.dataSource.manager, sessionHash);
  }

  /** A code that opens one session, within a quarter of an hour, as the installation's own token would. */
  async createCode(): Promise<string> {
    const code = randomBytes(32).toString('base64url');
    await this.dataSource.query('delete from sign_in_code where expires_at <= now()');
    await this.dataSource.query(
      'insert into sign_in_code (code_hash, expires_at) values ($1, now() + make_interval(mins => $2))',
      [sha256(code), codeMinutes],
    );
    return code;
  }

  /** Uses a code up; false: it is none, was used, or is too old. */
  async useCode(code: string): Promise<boolean> {
    const [rows]: [unknown[], number] = await this.dataSource.query(
      'delete from sign_in_code where code_hash = $1 and expires_at > now() returning code_hash',
      [sha256(code)],
    );
    return rows.length > 0;
  }
}

async function deleteSession(manager: EntityManager, sessionHash: string): Promise<void> {
  await manager.query('delete from admin_session where session_hash = $1', [sessionHash]);
}

function toRecord(row: Row): SessionRecord {
  const { token_id: tokenId, bootstrap_fingerprint: bootstrapFingerprint, name, role, expires_at: expiresAt } = row;
  if (tokenId !== null && name !== null && role !== null) {
    return { credential: { tokenId, bootstrapFingerprint: null }, token: { name, role }, expiresAt };
  }
  if (bootstrapFingerprint === null) throw new Error('a session without a credential');
  return { credential: { tokenId: null, bootstrapFingerprint }, token: null, expiresAt };
}
