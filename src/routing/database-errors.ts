/** What a failed statement means for a batch. */
export type DatabaseFault =
  /** One of its events was committed before. */
  | 'duplicate'
  /** One of its rows is not acceptable as data. */
  | 'bad_data'
  /** It was not committed and may be tried again at once. */
  | 'retry'
  /** The connection broke: it may or may not have been committed. */
  | 'unknown_outcome'
  /** A bug in a statement or in the schema. */
  | 'bug';

/** Reads a PostgreSQL SQLSTATE or a socket error. */
export function faultOf(error: unknown): DatabaseFault {
  const code = codeOf(error);
  if (code === '23505') return 'duplicate';
  if (code === undefined) return isConnectionError(error) ? 'unknown_outcome' : 'bug';
  if (!/^[0-9A-Z]{5}$/.test(code)) return 'unknown_outcome';
  const kind = code.slice(0, 2);
  if (kind === '22' || kind === '23') return 'bad_data';
  if (kind === '40' || code === '55P03') return 'retry';
  // Connection lost, server shutting down or out of something: 57014 is a cancelled statement.
  if (kind === '08' || kind === '53' || kind === '57' || kind === '58') return 'unknown_outcome';
  return 'bug';
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** The driver reports some lost connections by message only. */
function isConnectionError(error: unknown): boolean {
  return error instanceof Error && /connection|timeout|terminated|not queryable/i.test(error.message);
}
