import { Injectable } from '@nestjs/common';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { mediaTypes, readMessage } from './message-content.js';
import { MessageMedia, sourceOf } from './message-media.js';
import { isObject, readChoice } from './parameter-values.js';
import { readPlatform } from './platform.js';

/** Media that are kept before they are sent. */
@Injectable()
export class AttachmentsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'POST', edge: 'message_attachments', answer: (call) => this.upload(call) },
  ];

  constructor(private readonly media: MessageMedia) {
    super();
  }

  private async upload(call: PageCall): Promise<object> {
    const [file] = call.files;
    const attachment = readMessage(call.parameters, readPlatform(call), file !== undefined)?.['attachment'];
    if (!isObject(attachment) || !isObject(attachment['payload'])) {
      throw new GraphError('parameter_required', 'message[attachment]');
    }
    const type = readChoice(attachment, 'type', 'message[attachment][type]', mediaTypes);
    if (type === null) throw new GraphError('parameter_required', 'message[attachment][type]');
    const source = sourceOf({ payload: attachment['payload'] }, file);
    const { attachmentId } = await this.media.keep(call, type, source);
    return { attachment_id: attachmentId };
  }
}
