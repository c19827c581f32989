import type { AppId, Mid, ThreadKey } from '../domain/ids.js';
import type { Channel as ChannelName } from '../domain/page.js';
import type { AppAction, MessageTag } from '../domain/thread/thread.events.js';
import type { ControlChange } from '../routing/intent.js';
import type { Outcome, Submission } from '../routing/submission.js';

/** An action of the business side that is no message: it types, has read, or reacts. */
export type SenderAction =
  | { readonly type: Exclude<AppAction['action'], 'react' | 'unreact'> }
  | { readonly type: 'react'; readonly messageId: Mid; readonly reaction: string }
  | { readonly type: 'unreact'; readonly messageId: Mid };

/** A file sent in a multipart body, such as the `filedata` of an attachment. */
export interface UploadedFile {
  readonly name: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** One call of an app that writes to a person. At least one of `message`, `action` and `control` is not null. */
export interface SendRequest {
  readonly key: ThreadKey;
  readonly channel: ChannelName;
  readonly callerAppId: AppId;
  /** In the shape of the Send API: `text`, `attachment`, `attachments`, `quick_replies`, `metadata`; ids kept exact. */
  readonly message: Readonly<Record<string, unknown>> | null;
  readonly action: SenderAction | null;
  readonly tag: MessageTag | null;
  readonly control: ControlChange | null;
  /** What the app says the message is, in the words of the Send API. */
  readonly messagingType?: string;
  /** How the person is notified, in the words of the Send API. */
  readonly notificationType?: string;
  readonly personaId?: string;
  /** The message this one answers. */
  readonly replyTo?: Mid;
  /** Media of the message that are files, where the platform keeps them. */
  readonly files?: readonly UploadedFile[];
  /** The request this came in with. */
  readonly traceId: string;
  readonly ifVersion?: Submission['ifVersion'];
  readonly idempotency?: Submission['idempotency'];
}

/** What became of a send. `mid` names the message if it was sent now or, for a repeated call, then. */
export interface SendOutcome {
  readonly mid: Mid | null;
  readonly outcome: Outcome;
  /** The platform's own answer, where there is a platform. */
  readonly answer?: PlatformAnswer;
}

/** What the platform answered. `headers`: those that its clients read. */
export interface PlatformAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a send that was allowed did not become a message, or is not known to have. */
export type PlatformFault =
  /** The platform refused it: `answer` says how. */
  | 'refused'
  /** The platform did not answer in time. It may or may not be out, and is not sent again. */
  | 'unknown'
  /** The platform did not get it. */
  | 'unreachable'
  /** The gateway has no token of the page. */
  | 'not_configured';

/** A send that was allowed, and failed at the platform. */
export class PlatformError extends Error {
  override name = 'PlatformError';

  constructor(
    readonly fault: PlatformFault,
    message: string,
    /** `body` null: it is no JSON. */
    readonly answer: (Omit<PlatformAnswer, 'body'> & { readonly body: object | null }) | null = null,
  ) {
    super(message);
  }
}

/**
 * Where people are: the port through which apps reach them. The emulator's channel is the log itself, the gateway's is
 * the platform. A refusal of ours is an outcome; throws PlatformError when the platform does not take what was allowed,
 * RouterBusyError when nothing can be decided now.
 */
export abstract class Channel {
  /** Sends a message or an action and changes control, all of it or nothing. */
  abstract send(request: SendRequest): Promise<SendOutcome>;
}
