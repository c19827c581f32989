import { z } from 'zod';
import { refusalReasons, type RefusalReason } from '../domain/thread/refusal.js';
import type { ConfigurationErrorCode } from '../store/configuration.error.js';

const refusals = Object.fromEntries(
  refusalReasons.map((reason) => [reason, { status: 409, title: 'The thread does not allow this now' }]),
) as Record<RefusalReason, ProblemKind>;

const configuration = {
  page_not_found: { status: 404, title: 'There is no such page' },
  app_not_found: { status: 404, title: 'There is no such app' },
  connection_not_found: { status: 404, title: 'The app is not connected to the page' },
  route_not_found: { status: 404, title: 'There is no such route' },
  unknown_app: { status: 422, title: 'The named app does not exist' },
  app_not_connected: { status: 409, title: 'The app is not connected to the page' },
  id_taken: { status: 409, title: 'The id is taken' },
} satisfies Record<ConfigurationErrorCode, ProblemKind>;

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** Every problem of our own API, by its code. Codes are public and stay. */
export const problemKinds = {
  ...refusals,
  ...configuration,
  malformed_body: { status: 400, title: 'The body cannot be read' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'Nobody is signed in' },
  forbidden: { status: 403, title: 'This needs another role' },
  cross_site: { status: 403, title: 'The request does not come from the console' },
  not_found: { status: 404, title: 'There is nothing here' },
  token_not_found: { status: 404, title: 'There is no such token' },
  thread_not_found: { status: 404, title: 'There is no such thread' },
  delivery_not_found: { status: 404, title: 'There is no such delivery' },
  method_not_allowed: { status: 405, title: 'This method is not supported here' },
  wrong_channel: { status: 409, title: 'The person is on the other channel' },
  emulator_only: { status: 409, title: 'Only the emulator can do this' },
  no_deadline: { status: 409, title: 'No thread has a deadline' },
  version_mismatch: { status: 409, title: 'The thread has changed' },
  platform_not_configured: { status: 409, title: 'The gateway has no token of the page' },
  text_not_kept: { status: 410, title: 'The text is no longer kept' },
  cursor_expired: { status: 410, title: 'The cursor is of another time of the store' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  callback_not_verified: { status: 422, title: 'The callback did not prove that it is yours' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for another request' },
  not_storable: { status: 422, title: 'The request cannot be stored' },
  button_not_seen: { status: 422, title: 'The person sees no such button' },
  message_not_seen: { status: 422, title: 'The person sees no such message' },
  not_on_channel: { status: 422, title: 'This channel does not have this' },
  instagram_not_linked: { status: 422, title: 'The page has no Instagram account' },
  clock_too_far: { status: 422, title: 'The clock cannot go that far' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something is broken on our side' },
  platform_refused: { status: 502, title: 'The platform refused the message' },
  platform_unreachable: { status: 503, title: 'The platform could not be reached' },
  send_outcome_unknown: { status: 504, title: 'Whether the message was sent is unknown' },
  busy: { status: 503, title: 'Too busy just now' },
} as const satisfies Record<string, ProblemKind>;
export type ProblemCode = keyof typeof problemKinds;

/** An error answer of our own API: `application/problem+json`, RFC 9457. */
export const problemSchema = z.looseObject({
  type: z.string().describe('Names the kind of problem: `urn:signalbox:problem:` and the code.'),
  code: z.string().describe('The same, short. Stable.'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('What is wrong here and what would help, for people.'),
  trace_id: z.string().describe('Names this request in the log.'),
  errors: z
    .array(
      z.object({ path: z.string().describe('Where in the request, dotted; empty: all of it.'), message: z.string() }),
    )
    .optional(),
});
export type ProblemBody = z.infer<typeof problemSchema>;

/** A request that is refused, with everything its answer says. Thrown by controllers and answered by the filter. */
export class Problem extends Error {
  override name = 'Problem';

  /** `more` are further members of the answer. */
  constructor(
    readonly code: ProblemCode,
    detail: string,
    readonly more: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }

  get status(): number {
    return problemKinds[this.code].status;
  }

  body(traceId: string): ProblemBody {
    const { status, title } = problemKinds[this.code];
    return {
      type: `urn:signalbox:problem:${this.code}`,
      code: this.code,
      title,
      status,
      detail: this.message,
      trace_id: traceId,
      ...this.more,
    };
  }
}
