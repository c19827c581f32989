import { z } from 'zod';
import { failpointActions, failpointNames } from './failpoints.js';
import { weaknessOf } from './weak-settings.js';

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `it must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}` });
const flag = oneOf(['true', 'false']).transform((text) => text === 'true');
const number = (min: number, max: number) =>
  z
    .string()
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : NaN))
    .refine((value) => value >= min && value <= max, `it must be a whole number from ${min} to ${max}`);
const whole = (min: number, max: number, fallback: number) => number(min, max).default(fallback);
const count = (fallback: number, max: number) => whole(1, max, fallback);
const addressRange = z.union([z.cidrv4(), z.cidrv6()]);
const addressRanges = z
  .string()
  .refine(
    (text) => text === '' || text.split(',').every((range) => addressRange.safeParse(range.trim()).success),
    'it must be address ranges such as 10.1.0.0/16, separated by commas',
  );
const ports = z
  .string()
  .transform((text) => text.split(',').map((port) => (/^ *\d{1,5} *$/.test(port) ? Number(port) : NaN)))
  .refine(
    (numbers) => numbers.every((port) => port >= 1 && port <= 65535),
    'it must be port numbers separated by commas, such as 443,8443',
  );
const failpoint = new RegExp(`^(${failpointNames.join('|')})(=\\d+)?(:(${failpointActions.join('|')}))?$`);
const failpoints = z
  .string()
  .refine(
    (text) => text === '' || text.split(',').every((part) => failpoint.test(part.trim())),
    `it must be names among ${failpointNames.join(', ')}, each perhaps with =N and an action (${failpointActions.map((action) => `:${action}`).join(', ')}), separated by commas`,
  );
const secret = (min: number) => z.string().min(min, `it must have at least ${min} characters`);

/** Every setting, from the environment. `.env.example` lists them; a test keeps the two equal. */
export const settingsSchema = z.object({
  PORT: whole(0, 65535, 3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  /** `generated` serves HTTPS with a certificate of our own, for clients that insist on it. */
  TLS: oneOf(['off', 'generated']).default('off'),
  /** HTTPS with the operator's certificate: PEM files. */
  TLS_CERT: z.string().min(1).optional(),
  TLS_KEY: z.string().min(1).optional(),
  DATA_DIR: z.string().min(1).optional(),
  /** No check of a web address: over a Unix socket the URL has no host. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, 'it must begin with postgres://')
    .optional(),
  /** Whether statements may be prepared; by default wherever no pooler stands between us and the server. */
  DATABASE_PREPARED: flag.optional(),
  /** Connections for routing and delivery; the APIs have a pool of their own. */
  DATABASE_POOL: count(10, 200),
  ADMIN_TOKEN: secret(16).optional(),
  /** What secrets are sealed with in the database, as `id:base64,id:base64`: the first key seals, all of them open. */
  KEYRING: z.string().optional(),
  /** A session that is not used ends after so many minutes: half an hour in the gateway, a day's work in the emulator. */
  SESSION_IDLE_MINUTES: number(1, 24 * 60).optional(),
  /** And every session after so many hours. */
  SESSION_HOURS: count(12, 24 * 30),
  DEMO: flag.optional(),
  MODE: oneOf(['emulator', 'gateway']).default('emulator'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** How the platform's webhooks are verified and signed, in gateway mode. */
  META_APP_SECRET: secret(8).optional(),
  META_VERIFY_TOKEN: secret(8).optional(),
  /** Our app's id at the platform: tells its handovers to us from those to the page's other apps there. */
  META_APP_ID: z
    .string()
    .regex(/^[1-9]\d{0,19}$/, 'it must be an app id, digits only')
    .optional(),
  /** The platform's Graph API, with the version to call it by. */
  META_GRAPH_URL: z
    .url({ protocol: /^https?$/, error: 'it must be a web address such as https://graph.facebook.com/v25.0' })
    .default('https://graph.facebook.com/v25.0'),
  /** How long the platform may take to answer a send. */
  META_SEND_TIMEOUT_MS: count(10_000, 60_000),
  /** How long to wait for the echo of a send that the platform has not answered in time. */
  META_ECHO_WAIT_MS: count(3_000, 60_000),
  /** `platform`: calls of apps are limited as the platform limits them, and answers tell how much is used up. */
  RATE_LIMITS: oneOf(['off', 'platform']).default('off'),
  /** How many commits may be under way at once: while the database writes one, the next can be decided. */
  COMMITS_AT_ONCE: count(3, 256),
  /** Up to so many waiting events go into one commit together; a second one beside it would cost a second flush. */
  COMMIT_TOGETHER_MAX: count(256, 10_000),
  /** Events in one commit at most: larger ones delay their own callers. */
  COMMIT_BATCH_MAX: count(1000, 10_000),
  /** Events waiting for a commit at most, over all lanes; beyond that callers get 503 at once. */
  COMMIT_QUEUE_MAX: count(20_000, 1_000_000),
  /** Threads kept in memory at most, about 500 bytes each. */
  THREAD_CACHE_MAX: count(250_000, 10_000_000),
  /** How long an app may take to answer a webhook. */
  DELIVERY_TIMEOUT_MS: count(5_000, 30_000),
  /** POSTs to one app at once at most. */
  DELIVERY_CONCURRENCY: count(32, 1_000),
  /** How long an app's deliveries are tried before they are dead letters. */
  DELIVERY_HORIZON_HOURS: count(36, 24 * 30),
  /** `all` keeps every try of every delivery, `failures` only what did not succeed; by default all in the emulator. */
  DELIVERY_ATTEMPTS: oneOf(['all', 'failures']).optional(),
  /** Address ranges that callbacks may be in besides public ones, as CIDR, comma-separated. The emulator adds loopback. */
  CALLBACK_ALLOW: addressRanges.default(''),
  /** Ports that callbacks may be on in gateway mode: others lead to services that never expected our requests. */
  CALLBACK_PORTS: ports.default([443, 8443]),
  /** How long message texts are kept, in days; the row of the log stays. A month is long enough to look into a complaint. */
  RETENTION_TEXT_DAYS: whole(2, 3650, 30),
  /**
   * How long rows of the log are kept, in days: who owned a thread when, and why. A quarter, which is how far reports look
   * back. At least ten, since a redelivery of the platform is known by the row it repeats.
   */
  RETENTION_LOG_DAYS: whole(10, 3650, 90),
  /** How long tries of deliveries are kept, in days: they are for finding out what ails an app now. */
  RETENTION_ATTEMPT_DAYS: whole(1, 3650, 7),
  /** How long what an app did not get can be replayed, in days: as long as its text is there. */
  RETENTION_DEAD_LETTER_DAYS: whole(1, 3650, 30),
  /** How long what could not be routed is kept, in days: message texts stand in it. */
  RETENTION_QUARANTINE_DAYS: whole(1, 3650, 30),
  /** Connections one instance keeps at once, about 20 kB each; beyond that new ones are closed. */
  HTTP_CONNECTIONS_MAX: count(5_000, 1_000_000),
  /** Calls of the admin API from one address in a minute: far more than people and their tools make. */
  API_CALLS_PER_MINUTE: count(6_000, 10_000_000),
  /** Calls of it without a valid token from one address in a minute, before all of its calls are refused for a while. */
  API_FAILURES_PER_MINUTE: count(30, 10_000_000),
  /** Readers of the inspector's stream at once on one instance; each may hold up to a megabyte. */
  INSPECTOR_CONNECTIONS_MAX: count(50, 10_000),
  /** Whether there is a page that shows threads in the Stately inspector, which is on another host: stately.ai. */
  INSPECTOR_HOSTED: flag.default(false),
  /** Addresses of the load balancers whose X-Forwarded-For and X-Forwarded-Proto are believed, as CIDR, comma-separated. */
  TRUSTED_PROXIES: addressRanges.default(''),
  /** Largest request body in bytes; a webhook with a thousand events must fit. */
  BODY_MAX_BYTES: count(8 * 1024 * 1024, 64 * 1024 * 1024),
  /** Names of places where the process fails on purpose, for fault tests; refused in gateway mode unless NODE_ENV is test. */
  FAILPOINTS: failpoints.default(''),
});

/** The settings of this process, read once. */
export class Settings {
  constructor(readonly values: z.infer<typeof settingsSchema>) {}

  get gateway(): boolean {
    return this.values.MODE === 'gateway';
  }
}

/** A setting that cannot be used: the message names it and says what is allowed. */
export class BadSettingError extends Error {
  override name = 'BadSettingError';
}

/** Reads the settings. Throws BadSettingError. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  // An empty variable means "not set": compose files and shells produce them.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadSettingError(`The setting ${issue?.path.join('.') ?? ''} is not valid: ${issue?.message ?? ''}.`);
  }
  const { MODE, FAILPOINTS, TLS, TLS_CERT, TLS_KEY } = parsed.data;
  if (FAILPOINTS !== '' && MODE === 'gateway' && env['NODE_ENV'] !== 'test') {
    throw new BadSettingError('The setting FAILPOINTS is for tests only and is refused in gateway mode.');
  }
  if ((TLS_CERT === undefined) !== (TLS_KEY === undefined)) {
    throw new BadSettingError('The settings TLS_CERT and TLS_KEY go together: a certificate and its key.');
  }
  if (TLS === 'generated' && TLS_CERT !== undefined) {
    throw new BadSettingError('The setting TLS=generated makes a certificate, and TLS_CERT names one: set only one.');
  }
  const { RETENTION_TEXT_DAYS, RETENTION_LOG_DAYS, DELIVERY_HORIZON_HOURS } = parsed.data;
  if (RETENTION_LOG_DAYS < RETENTION_TEXT_DAYS) {
    throw new BadSettingError('The setting RETENTION_LOG_DAYS must not be less than RETENTION_TEXT_DAYS.');
  }
  if (RETENTION_TEXT_DAYS * 24 < DELIVERY_HORIZON_HOURS) {
    throw new BadSettingError(
      'The setting RETENTION_TEXT_DAYS must cover DELIVERY_HORIZON_HOURS: texts are delivered.',
    );
  }
  const missing = (['META_APP_SECRET', 'META_VERIFY_TOKEN'] as const).filter((name) => parsed.data[name] === undefined);
  if (MODE === 'gateway' && missing.length > 0) {
    throw new BadSettingError(
      `The gateway needs ${missing.join(' and ')}: no webhook of the platform can be trusted otherwise.`,
    );
  }
  if (MODE === 'gateway' && parsed.data.DATABASE_URL !== undefined && parsed.data.KEYRING === undefined) {
    throw new BadSettingError(
      'The gateway needs KEYRING beside DATABASE_URL: the keys that every instance opens the secrets in that database with.',
    );
  }
  const weakness = MODE === 'gateway' ? weaknessOf(parsed.data) : null;
  if (weakness !== null) throw new BadSettingError(weakness);
  return new Settings(parsed.data);
}
