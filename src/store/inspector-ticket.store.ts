import type { DataSource } from 'typeorm';
import { pageId, psid, type PageId, type Psid } from '../domain/ids.js';
import { idOfToken, newOpaqueToken, sha256 } from './opaque-token.js';
import type { SessionCredential } from './session.store.js';

const prefix = 'sbx_inspect_';
/** How long a ticket is good for: it is used at once, by the program that asked for it. */
const ticketSeconds = 60;

/** What is shown: one thread, the threads of a page, or all of them. */
export type InspectionScope =
  { readonly pageId: null; readonly psid: null } | { readonly pageId: PageId; readonly psid: Psid | null };

/** Who asked for a ticket, and for what. */
export interface InspectorTicket {
  /** The hash of the session's id they came with; null: they sent the token itself. */
  readonly sessionHash: string | null;
  readonly credential: SessionCredential;
  readonly scope: InspectionScope;
}

interface Row {
  session_hash: string | null;
  token_id: string | null;
  bootstrap_fingerprint: string | null;
  page_id: string | null;
  psid: string | null;
}

/**
 * Tickets for the inspector's stream, whose clients can send no headers. Each is good once, on any instance. In the
 * database are only hashes; time is the database's.
 */
export class InspectorTicketStore {
  constructor(private readonly dataSource: DataSource) {}

  /** A new ticket; it is in this answer only. */
  async create({ sessionHash, credential, scope }: InspectorTicket): Promise<{ ticket: string; expiresAt: Date }> {
    const { token: ticket, id, hash } = newOpaqueToken(prefix);
    await this.dataSource.query('delete from inspector_ticket where expires_at <= now()');
    const [row]: { expires_at: Date }[] = await this.dataSource.query(
      `insert into inspector_ticket
         (ticket_id, ticket_hash, session_hash, token_id, bootstrap_fingerprint, page_id, psid, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8)) returning expires_at`,
      [
        id,
        hash,
        sessionHash,
        credential.tokenId,
        credential.bootstrapFingerprint,
        scope.pageId,
        scope.psid,
        ticketSeconds,
      ],
    );
    if (row === undefined) throw new Error('the new ticket was not returned');
    return { ticket, expiresAt: row.expires_at };
  }

  /** Uses a ticket up; null: it is none, was used, or is too old. */
  async use(ticket: string): Promise<InspectorTicket | null> {
    const ticketId = idOfToken(prefix, ticket);
    if (ticketId === null) return null;
    const [[row]]: [Row[], number] = await this.dataSource.query(
      `delete from inspector_ticket where ticket_id = $1 and ticket_hash = $2 and expires_at > now()
       returning session_hash, token_id, bootstrap_fingerprint, page_id, psid`,
      [ticketId, sha256(ticket)],
    );
    return row === undefined ? null : toTicket(row);
  }
}

function toTicket(row: Row): InspectorTicket {
  const { session_hash: sessionHash, token_id: tokenId, bootstrap_fingerprint: fingerprint } = row;
  const scope: InspectionScope =
    row.page_id === null
      ? { pageId: null, psid: null }
      : { pageId: pageId(row.page_id), psid: row.psid === null ? null : psid(row.psid) };
  if (tokenId !== null) return { sessionHash, credential: { tokenId, bootstrapFingerprint: null }, scope };
  if (fingerprint === null) throw new Error('a ticket without a credential');
  return { sessionHash, credential: { tokenId: null, bootstrapFingerprint: fingerprint }, scope };
}
