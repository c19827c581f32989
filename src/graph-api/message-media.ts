import { Injectable } from '@nestjs/common';
import type { UploadedFile } from '../channels/channel.js';
import { Clock } from '../clock/clock.js';
import { Settings } from '../config/settings.js';
import { AttachmentStore, type Attachment, type AttachmentSource } from '../store/attachment.store.js';
import type { PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { isObject, readFlag, readText, type Fields } from './parameter-values.js';

const imageBytesMax = 8 * 1024 * 1024;
const fileBytesMax = 25 * 1024 * 1024;

/** A message whose media all have addresses. */
export interface PreparedMessage {
  readonly message: Fields;
  /** The id under which its medium can be sent again; null: it was not asked for, or the medium had one already. */
  readonly reusableId: string | null;
  /** Forgets what was kept for the message, because it was not sent. */
  discard(): Promise<void>;
}

/**
 * The media of messages. Behind a gateway they are the platform's. Else files are kept here and get an address of this
 * server, and ids stand for what was kept before.
 * Whatever was sent, the person and the apps see addresses, as on the platform.
 */
@Injectable()
export class MessageMedia {
  constructor(
    private readonly attachments: AttachmentStore,
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  /** Gives every medium of a message that has been read its address. */
  async prepare(call: PageCall, message: Fields): Promise<PreparedMessage> {
    if (this.settings.gateway) return this.prepared(message, null, false);
    const { attachment, attachments } = message;
    const [file] = call.files;
    let kept: Attachment | null = null;
    const located = async (medium: unknown): Promise<unknown> => {
      if (!isMedium(medium)) return medium;
      const { type, payload } = medium;
      const attachmentId = readText(payload, 'attachment_id', 'attachment_id', 100);
      if (attachmentId !== null) {
        return { type, payload: { url: await this.addressOf(call, type, attachmentId) } };
      }
      const reusable = readFlag(payload, 'is_reusable', 'message[attachment][payload][is_reusable]') ?? false;
      const source = sourceOf(medium, file);
      if (reusable || 'content' in source) kept = await this.keep(call, type, source);
      return { type, payload: { url: 'url' in source ? source.url : addressOf(call, kept) } };
    };
    const changed: Fields = {
      ...message,
      ...(attachment !== undefined && { attachment: await located(attachment) }),
      ...(Array.isArray(attachments) && { attachments: await Promise.all(attachments.map(located)) }),
    };
    return this.prepared(changed, kept, isReusable(attachment));
  }

  /** Keeps a medium under an id. @throws GraphError if it is too large, or not of its type. */
  async keep({ caller }: PageCall, type: string, source: AttachmentSource): Promise<Attachment> {
    if ('content' in source) checkFile(type, source);
    return this.attachments.add(caller.page.pageId, type, source, this.clock.now());
  }

  private prepared(message: Fields, kept: Attachment | null, reusable: boolean): PreparedMessage {
    return {
      message,
      reusableId: reusable ? (kept?.attachmentId ?? null) : null,
      discard: async () => {
        if (kept !== null) await this.attachments.remove(kept.attachmentId);
      },
    };
  }

  private async addressOf(call: PageCall, type: string, attachmentId: string): Promise<string> {
    const attachment = await this.attachments.find(call.caller.page.pageId, attachmentId, this.clock.now());
    if (attachment === null) throw new GraphError('attachment_unknown');
    if (attachment.type !== type) throw new GraphError('attachment_type_mismatch', type, attachment.type);
    return addressOf(call, attachment);
  }
}

interface Medium {
  readonly type: string;
  readonly payload: Fields;
}

/** What has an address; templates and what only names a medium of the platform's have none. */
function isMedium(attachment: unknown): attachment is Medium {
  if (!isObject(attachment) || !isObject(attachment['payload'])) return false;
  const { type } = attachment;
  return typeof type === 'string' && type !== 'template' && type !== 'MEDIA_SHARE';
}

function isReusable(attachment: unknown): boolean {
  return isMedium(attachment) && readFlag(attachment.payload, 'is_reusable', 'is_reusable') === true;
}

/** Where the medium of a call is: the file beside it, or the address within it. */
export function sourceOf({ payload }: Pick<Medium, 'payload'>, file: UploadedFile | undefined): AttachmentSource {
  if (file !== undefined) return { contentType: file.contentType, content: file.content };
  const url = readText(payload, 'url', 'message[attachment][payload][url]', 2000);
  if (url === null) throw new GraphError('parameter_required', 'message[attachment][payload][url]');
  return { url };
}

function checkFile(type: string, { contentType, content }: Extract<AttachmentSource, { content: Buffer }>): void {
  const bytesMax = type === 'image' ? imageBytesMax : fileBytesMax;
  if (content.length > bytesMax) throw new GraphError('attachment_too_large', bytesMax);
  const kind = /^(image|audio|video)\//.exec(contentType)?.[1] ?? null;
  // Clients that do not know say application/octet-stream, which may be anything.
  if (type !== 'file' && kind !== null && kind !== type) {
    throw new GraphError('attachment_type_mismatch', type, contentType);
  }
}

function addressOf({ baseUrl }: Pick<PageCall, 'baseUrl'>, attachment: Attachment | null): string {
  if (attachment === null) throw new Error('a medium without an address is kept');
  return attachment.url ?? `${baseUrl}/media/${attachment.mediaKey}`;
}
