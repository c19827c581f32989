/** What a failed statement means for what it was to write. */
export type DatabaseFault =
  /** One of its events was committed before. */
  | 'duplicate'
  /** One of its rows is not acceptable as data. */
  | 'bad_data'
  /** It was not committed and may be tried again at once. */
  | 'retry'
  /** The database is away, or the connection broke: it may or may not have been committed. */
  | 'unknown_outcome'
  /** A bug in a statement or in the schema, or no error of the database at all. */
  | 'bug';

const socketCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // A Unix socket whose server has gone.
  'ENOENT',
]);

/** Reads a PostgreSQL SQLSTATE or a socket error. */
export function faultOf(error: unknown): DatabaseFault {
  const code = codeOf(error);
  if (code === undefined) return isConnectionError(error) ? 'unknown_outcome' : 'bug';
  if (socketCodes.has(code)) return 'unknown_outcome';
  if (code === '23505') return 'duplicate';
  if (!/^[0-9A-Z]{5}$/.test(code)) return 'bug';
  const kind = code.slice(0, 2);
  if (kind === '22' || kind === '23') return 'bad_data';
  if (kind === '40' || code === '55P03') return 'retry';
  // A server that has become a standby, or is about to: its clients will find the new primary.
  if (code === '25006') return 'unknown_outcome';
  // Connection lost or refused, server shutting down or out of something: 57014 is a cancelled statement.
  if (['08', '28', '3D', '53', '57', '58'].includes(kind)) return 'unknown_outcome';
  return 'bug';
}

/** Whether the database only refuses just now: whoever asked may ask for the same again in a moment. */
export function isPassing(error: unknown): boolean {
  const fault = faultOf(error);
  return fault === 'unknown_outcome' || fault === 'retry';
}

/** Whether a text could not be kept because of a character in it: the database's texts hold everything but NUL. */
export function isUnstorableText(error: unknown): boolean {
  return codeOf(error) === '22021';
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** The driver reports some lost connections by message only. */
const lostConnections =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && lostConnections.test(error.message);
}
