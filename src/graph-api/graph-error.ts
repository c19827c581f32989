import type { Channel } from '../domain/page.js';
import type { RefusalReason } from '../domain/thread/refusal.js';

/** One row of the catalogue: what a caller is told, apart from the id of the incident. */
interface GraphErrorRow {
  readonly status: number;
  readonly type: 'OAuthException' | 'GraphMethodException' | 'GraphBatchException';
  readonly code: number;
  readonly subcode?: number;
  /** Told to callers as `is_transient`: the same call may succeed later. */
  readonly transient?: true;
  readonly message: string | ((...details: never[]) => string);
}

const waitABit =
  'Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.';

/**
 * Every error this API answers with, by our own names. Texts, codes and statuses are the platform's own where they are
 * known: client libraries tell errors apart by code and subcode, people and some old clients by the text.
 * `docs/errors.md` says of each when it occurs and what to do.
 */
export const graphErrors = {
  unknown_error: { status: 500, type: 'OAuthException', code: 1, message: 'An unknown error occurred' },
  temporarily_unavailable: {
    status: 503,
    type: 'OAuthException',
    code: 2,
    transient: true,
    message: '(#2) Service temporarily unavailable',
  },

  // What the platform behind the gateway says
  platform_refused: {
    status: 502,
    type: 'OAuthException',
    code: 2,
    transient: true,
    message: '(#2) The platform refused the call, and not in its usual words',
  },
  send_outcome_unknown: {
    status: 400,
    type: 'OAuthException',
    code: 1,
    message: '(#1) The platform did not answer in time: whether the message was sent is unknown. Do not send it again.',
  },
  platform_not_configured: {
    status: 403,
    type: 'OAuthException',
    code: 200,
    message: '(#200) The page is not connected to the platform: the gateway has no token of it',
  },

  // Who calls
  no_token: {
    status: 400,
    type: 'OAuthException',
    code: 2500,
    message: 'An active access token must be used to query information about the current user.',
  },
  unparseable_token: {
    status: 400,
    type: 'OAuthException',
    code: 190,
    message: 'Invalid OAuth access token - Cannot parse access token',
  },
  invalid_token: { status: 400, type: 'OAuthException', code: 190, message: 'Invalid OAuth access token.' },
  expired_token: {
    status: 400,
    type: 'OAuthException',
    code: 190,
    subcode: 463,
    message: 'Error validating access token: The token has been replaced and its grace period is over.',
  },
  invalid_proof: {
    status: 400,
    type: 'GraphMethodException',
    code: 100,
    message: 'Invalid appsecret_proof provided in the API argument',
  },
  proof_required: {
    status: 400,
    type: 'GraphMethodException',
    code: 100,
    message: 'API calls from the server require an appsecret_proof argument',
  },
  permission_missing: {
    status: 403,
    type: 'OAuthException',
    code: 10,
    message: '(#10) Application does not have permission for this action',
  },
  app_not_connected: {
    status: 403,
    type: 'OAuthException',
    code: 200,
    message: '(#200) The app is not connected to this page',
  },

  // What is called
  unknown_path: {
    status: 400,
    type: 'OAuthException',
    code: 2500,
    message: (path: string) => `Unknown path components: /${path}`,
  },
  alias_unknown: {
    status: 404,
    type: 'OAuthException',
    code: 803,
    message: (alias: string) => `(#803) Some of the aliases you requested do not exist: ${alias}`,
  },
  unsupported_request: {
    status: 400,
    type: 'GraphMethodException',
    code: 100,
    subcode: 33,
    message: (verb: string, objectId: string) =>
      `Unsupported ${verb.toLowerCase()} request. Object with ID '${objectId}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
  },

  // Several at once
  batch_too_large: {
    status: 400,
    type: 'GraphBatchException',
    code: -3,
    message: (operationsMax: number) =>
      `Too many requests in batch message. Maximum batch size is ${String(operationsMax)}`,
  },
  batch_dependency_failed: {
    status: 400,
    type: 'GraphBatchException',
    code: -3,
    message: (name: string) => `The operation ${name}, on which this one depends, did not succeed`,
  },
  batch_reference_empty: {
    status: 400,
    type: 'GraphBatchException',
    code: -3,
    message: (reference: string) => `The reference ${reference} finds nothing`,
  },

  // How often
  app_limit_reached: {
    status: 403,
    type: 'OAuthException',
    code: 4,
    transient: true,
    message: '(#4) Application request limit reached',
  },
  page_limit_reached: {
    status: 403,
    type: 'OAuthException',
    code: 32,
    message: '(#32) Page request limit reached',
  },
  rate_limit_reached: {
    status: 400,
    type: 'OAuthException',
    code: 613,
    message: '(#613) Calls to this api have exceeded the rate limit.',
  },
  rate_limit_reached_instagram: {
    status: 400,
    type: 'OAuthException',
    code: 613,
    subcode: 2534040,
    message: '(#613) Calls to this api have exceeded the rate limit.',
  },
  account_limit_reached: {
    status: 400,
    type: 'OAuthException',
    code: 80006,
    message: `(#80006) There have been too many calls to this messenger account. ${waitABit}`,
  },
  account_limit_reached_instagram: {
    status: 400,
    type: 'OAuthException',
    code: 80002,
    message: `(#80002) There have been too many calls to this Instagram account. ${waitABit}`,
  },

  // With which parameters
  unreadable_body: { status: 400, type: 'OAuthException', code: 100, message: (why: string) => `(#100) ${why}` },
  body_too_large: {
    status: 413,
    type: 'OAuthException',
    code: 100,
    message: '(#100) The request body is too large',
  },
  parameter_required: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: (name: string) => `(#100) The parameter ${name} is required`,
  },
  invalid_parameter: { status: 400, type: 'OAuthException', code: 100, message: (why: string) => `(#100) ${why}` },
  recipient_malformed: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) Param recipient[id] must be a valid ID string (e.g., "123")',
  },
  person_unknown: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018001,
    message: '(#100) No matching user found',
  },
  person_unknown_instagram: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2534014,
    message: 'No matching Instagram user',
  },
  instagram_not_linked: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2534013,
    message: 'The page is not linked to an Instagram account',
  },
  message_empty: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) param message must be non-empty.',
  },
  text_too_long: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: (lengthMax: number) =>
      `(#100) Length of param message[text] must be less than or equal to ${String(lengthMax)}`,
  },
  message_invalid_instagram: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2534015,
    message: 'Invalid message data',
  },
  attachment_unknown: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018074,
    message: '(#100) No attachment with this id',
  },
  attachment_type_mismatch: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018047,
    message: (type: string, got: string) =>
      `(#100) Upload attachment failure. The media type ${type} does not match the file, which is ${got}`,
  },
  attachment_too_large: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018109,
    message: (bytesMax: number) => `(#100) Attachment size exceeds allowable limit of ${String(bytesMax)} bytes`,
  },
  get_started_required: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) You must set a Get Started button if you also wish to use persistent menu',
  },
  message_and_action: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018014,
    message: 'Cannot send both message and state at the same time.',
  },
  tag_retired: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: (tag: string) => `(#100) The message tag ${tag} is no longer supported`,
  },
  thread_control_forms_combined: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) Cannot set both payload and app_id in thread_control',
  },
  subscribed_field_unknown: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: (list: string, index: number, known: readonly string[], got: string) =>
      `(#100) Param ${list}[${String(index)}] must be one of {${known.join(', ')}} - got "${got}"`,
  },
  callback_unverified: {
    status: 400,
    type: 'OAuthException',
    code: 2200,
    message: (why: string) => `(#2200) Callback verification failed with the following errors: ${why}`,
  },

  // What the thread machine refuses: `refusals` below says which refusal is told how
  thread_not_owned: {
    status: 400,
    type: 'OAuthException',
    code: 10,
    subcode: 2018300,
    message: '(#10) Message failed to send because another app is controlling this thread now.',
  },
  thread_not_owned_instagram: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2534037,
    message: "The action is invalid since it's not the thread owner.",
  },
  window_closed: {
    status: 400,
    type: 'OAuthException',
    code: 10,
    subcode: 2018278,
    message:
      '(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview',
  },
  window_closed_instagram: {
    status: 400,
    type: 'OAuthException',
    code: 10,
    subcode: 2534022,
    message: 'This message is sent outside of allowed window.',
  },
  pass_not_owner: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018151,
    message: '(#100) Cannot pass thread control: the calling app is not the thread owner.',
  },
  release_not_owner: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) Only the current thread owner can release thread control.',
  },
  no_default_app: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) The page has no default app: name the app that gets thread control',
  },
  target_not_connected: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    subcode: 2018164,
    message: 'Incorrect App ID.',
  },
  target_is_owner: {
    status: 400,
    type: 'OAuthException',
    code: 100,
    message: '(#100) The target app already controls this thread.',
  },
  routing_on: {
    status: 400,
    type: 'OAuthException',
    code: 10,
    message: '(#10) Handover Protocol APIs disabled for this page.',
  },
  routing_off: {
    status: 400,
    type: 'OAuthException',
    code: 27,
    subcode: 2018464,
    message: '(#27) Take thread control is not supported when Conversation Routing is not enabled.',
  },
} as const satisfies Record<string, GraphErrorRow>;

export type GraphErrorReason = keyof typeof graphErrors;

type PlainReason = {
  [Reason in GraphErrorReason]: (typeof graphErrors)[Reason]['message'] extends string ? Reason : never;
}[GraphErrorReason];

/** How each refusal of the thread machine is told on each channel. A forgotten one does not compile. */
export const refusals: Readonly<Record<RefusalReason, Readonly<Record<Channel, PlainReason>>>> = {
  app_not_connected: onBoth('app_not_connected'),
  thread_not_owned: { messenger: 'thread_not_owned', instagram: 'thread_not_owned_instagram' },
  window_closed: { messenger: 'window_closed', instagram: 'window_closed_instagram' },
  pass_not_owner: { messenger: 'pass_not_owner', instagram: 'thread_not_owned_instagram' },
  release_not_owner: { messenger: 'release_not_owner', instagram: 'thread_not_owned_instagram' },
  no_default_app: onBoth('no_default_app'),
  target_not_connected: onBoth('target_not_connected'),
  target_is_caller: onBoth('target_is_owner'),
  target_is_owner: onBoth('target_is_owner'),
  already_released: onBoth('release_not_owner'),
  routing_on: onBoth('routing_on'),
  routing_off: onBoth('routing_off'),
};

function onBoth<Reason extends PlainReason>(reason: Reason): Record<Channel, Reason> {
  return { messenger: reason, instagram: reason };
}

/** What a caller is told when the thread machine refuses. */
export function refused(reason: RefusalReason, channel: Channel): GraphError {
  return new GraphError(refusals[reason][channel]);
}

/** A reason with what its message needs to be told. */
type ReasonWithDetails = {
  [Reason in GraphErrorReason]: (typeof graphErrors)[Reason]['message'] extends (...details: infer Details) => string
    ? [reason: Reason, ...details: Details]
    : never;
}[GraphErrorReason];

/** The body of every error answer. `error` is its first and only key: old clients look for it in the first bytes. */
export interface GraphErrorEnvelope {
  error: {
    message: string;
    type: GraphErrorRow['type'];
    code: number;
    error_subcode?: number;
    is_transient?: true;
    fbtrace_id: string;
  };
}

/** A call that is refused for a reason of the catalogue, with what its message needs: `new GraphError('unknown_path', 'x')`. */
export class GraphError extends Error {
  readonly reason: GraphErrorReason;
  private readonly row: GraphErrorRow;

  constructor(...[reason, ...details]: [reason: PlainReason] | ReasonWithDetails) {
    const row: GraphErrorRow = graphErrors[reason];
    // The parameter types tie the details to the row; TypeScript cannot follow that tie through the lookup.
    super(typeof row.message === 'string' ? row.message : row.message(...(details as never[])));
    this.name = 'GraphError';
    this.reason = reason;
    this.row = row;
  }

  get status(): number {
    return this.row.status;
  }

  /** The body that tells it; `traceId` names the call that is refused. */
  envelope(traceId: string): GraphErrorEnvelope {
    const { type, code, subcode, transient } = this.row;
    return {
      error: {
        message: this.message,
        type,
        code,
        ...(subcode === undefined ? {} : { error_subcode: subcode }),
        ...(transient === undefined ? {} : { is_transient: transient }),
        fbtrace_id: traceId,
      },
    };
  }

  /** Headers of the answer that this error has beside those of all errors. */
  get headers(): Readonly<Record<string, string>> {
    return {};
  }

  /** The value of `WWW-Authenticate`, which the platform sends with every error. */
  get authenticate(): string {
    const kind = this.row.code === 190 ? 'invalid_token' : this.row.status === 404 ? 'not_found' : 'invalid_request';
    // The text may hold what the caller sent: nothing but printable ASCII fits a header.
    const text = this.message.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&');
    return `OAuth "Facebook Platform" "${kind}" "${text}"`;
  }
}
