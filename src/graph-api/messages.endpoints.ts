import { Injectable } from '@nestjs/common';
import { Channel } from '../channels/channel.js';
import { mid } from '../domain/ids.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { readMessage } from './message-content.js';
import { readMessageTag } from './message-tag.js';
import { expectApplied } from './outcome.js';
import { isObject, readChoice, readObject, readText } from './parameter-values.js';
import { PersonThreads } from './person-threads.js';
import { readRecipient } from './recipient.js';
import { readSenderAction } from './sender-action.js';
import { readThreadControl } from './thread-control.js';

/** The Send API: messages, sender actions, and the control that moves with them. */
@Injectable()
export class MessagesEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'POST', edge: 'messages', answer: (call) => this.send(call) },
  ];

  constructor(
    private readonly threads: PersonThreads,
    private readonly channel: Channel,
  ) {
    super();
  }

  private async send(call: PageCall): Promise<object> {
    const { parameters, caller, traceId } = call;
    const psid = readRecipient(parameters);
    const action = readSenderAction(parameters);
    const control = readThreadControl(parameters);
    const notificationType = readChoice(parameters, 'notification_type', 'notification_type', [
      'REGULAR',
      'SILENT_PUSH',
      'NO_PUSH',
    ]);
    if (call.files.length > 0) {
      throw new GraphError('invalid_parameter', 'Uploads are not supported: send message[attachment][payload][url]');
    }
    // Which channel the message goes to is a matter of who the person is, not of the call.
    const { channel } = await this.threads.get(call, psid);
    const message = readMessage(parameters, channel);
    if (message !== null && action !== null) throw new GraphError('message_and_action');
    if (message === null && action === null) throw new GraphError('message_empty');
    const template = isObject(message?.['attachment']) ? readObject(message['attachment'], 'payload', 'payload') : null;
    const tag = readMessageTag(parameters, channel, template?.['template_type']);
    const personaId = readText(parameters, 'persona_id', 'persona_id', 50);
    const replyTo = readObject(parameters, 'reply_to', 'reply_to');
    const answered = replyTo === null ? null : readText(replyTo, 'mid', 'reply_to[mid]', 500);

    const sent = await this.channel.send({
      key: { pageId: caller.page.pageId, psid },
      channel,
      callerAppId: caller.app.appId,
      message,
      action,
      tag,
      control,
      traceId,
      ...(notificationType !== null && { notificationType }),
      ...(personaId !== null && { personaId }),
      ...(answered !== null && { replyTo: mid(answered) }),
    });
    expectApplied(sent.outcome, channel);
    if (sent.answer !== undefined) return sent.answer;
    return sent.mid === null ? { recipient_id: psid } : { recipient_id: psid, message_id: sent.mid };
  }
}
