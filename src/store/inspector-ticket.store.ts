import type { DataSource } from 'typeorm';
import { idOfToken, newOpaqueToken, sha256 } from './opaque-token.js';
import type { SessionCredential } from './session.store.js';

const prefix = 'sbx_inspect_';
/** How long a ticket is good for: it is used at once, by the program that asked for it. */
const ticketSeconds = 60;

/** Who asked for a ticket. */
export interface TicketHolder {
  /** The hash of the session's id they came with; null: they sent the token itself. */
  readonly sessionHash: string | null;
  readonly credential: SessionCredential;
}

interface Row {
  session_hash: string | null;
  token_id: string | null;
  bootstrap_fingerprint: string | null;
}

/**
 * Tickets for the inspector's stream, whose clients can send no headers. Each is good once, on any instance, and for one
 * subject. In the database are only hashes; time is the database's.
 */
export class InspectorTicketStore {
  constructor(private readonly dataSource: DataSource) {}

  /** A new ticket; it is in this answer only. `subject` says what it opens. */
  async create(
    { sessionHash, credential }: TicketHolder,
    subject: string,
  ): Promise<{ ticket: string; expiresAt: Date }> {
    const { token: ticket, id } = newOpaqueToken(prefix);
    await this.dataSource.query('delete from inspector_ticket where expires_at <= now()');
    const [row]: { expires_at: Date }[] = await this.dataSource.query(
      `insert into inspector_ticket
         (ticket_id, ticket_hash, session_hash, token_id, bootstrap_fingerprint, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) returning expires_at`,
      [id, hashOf(ticket, subject), sessionHash, credential.tokenId, credential.bootstrapFingerprint, ticketSeconds],
    );
    if (row === undefined) throw new Error('the new ticket was not returned');
    return { ticket, expiresAt: row.expires_at };
  }

  /** Uses a ticket up and tells whose it was; null: it is none, is for another subject, was used, or is too old. */
  async use(ticket: string, subject: string): Promise<TicketHolder | null> {
    const ticketId = idOfToken(prefix, ticket);
    if (ticketId === null) return null;
    const [[row]]: [Row[], number] = await this.dataSource.query(
      `delete from inspector_ticket where ticket_id = $1 and ticket_hash = $2 and expires_at > now()
       returning session_hash, token_id, bootstrap_fingerprint`,
      [ticketId, hashOf(ticket, subject)],
    );
    return row === undefined ? null : toHolder(row);
  }
}

function hashOf(ticket: string, subject: string): string {
  return sha256(`${ticket} ${subject}`);
}

function toHolder(row: Row): TicketHolder {
  const { session_hash: sessionHash, token_id: tokenId, bootstrap_fingerprint: fingerprint } = row;
  if (tokenId !== null) return { sessionHash, credential: { tokenId, bootstrapFingerprint: null } };
  if (fingerprint === null) throw new Error('a ticket without a credential');
  return { sessionHash, credential: { tokenId: null, bootstrapFingerprint: fingerprint } };
}
