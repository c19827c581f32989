import { Injectable, Logger } from '@nestjs/common';
import { Channel } from '../channels/channel.js';
import { Settings } from '../config/settings.js';
import { mid } from '../domain/ids.js';
import { PersonaStore } from '../store/persona.store.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { readMessage } from './message-content.js';
import { readMessageTag, readMessagingType } from './message-tag.js';
import { expectApplied } from './outcome.js';
import { MessageMedia } from './message-media.js';
import { isObject, readChoice, readGraphId, readObject, readText, type Fields } from './parameter-values.js';
import { PersonThreads } from './person-threads.js';
import { RateLimits } from './rate-limits.js';
import { readRecipient } from './recipient.js';
import { readSenderAction } from './sender-action.js';
import { readThreadControl } from './thread-control.js';

/** The Send API: messages, sender actions, and the control that moves with them. */
@Injectable()
export class MessagesEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'POST', edge: 'messages', answer: (call) => this.send(call) },
  ];

  private readonly logger = new Logger('graph-api');

  constructor(
    private readonly threads: PersonThreads,
    private readonly channel: Channel,
    private readonly media: MessageMedia,
    private readonly personas: PersonaStore,
    private readonly limits: RateLimits,
    private readonly settings: Settings,
  ) {
    super();
  }

  private async send(call: PageCall): Promise<object> {
    const { parameters, caller, traceId } = call;
    const psid = readRecipient(parameters);
    const action = readSenderAction(parameters);
    const control = readThreadControl(parameters, () => {
      this.logger.warn({
        msg: 'thread_control with an app_id and no control_type releases the thread; control_type "pass" passes it',
        appId: caller.app.appId,
        traceId,
      });
    });
    const notificationType = readChoice(parameters, 'notification_type', 'notification_type', [
      'REGULAR',
      'SILENT_PUSH',
      'NO_PUSH',
    ]);
    // Which channel the message goes to is a matter of who the person is, not of the call.
    const { channel } = await this.threads.get(call, psid);
    const message = readMessage(parameters, channel, call.files.length > 0);
    if (message !== null && action !== null) throw new GraphError('message_and_action');
    if (message === null && action === null) throw new GraphError('message_empty');
    const template = isObject(message?.['attachment']) ? readObject(message['attachment'], 'payload', 'payload') : null;
    const tag = readMessageTag(parameters, channel, template?.['template_type']);
    const messagingType = readMessagingType(parameters);
    const personaId = await this.readPersona(call);
    const replyTo = readObject(parameters, 'reply_to', 'reply_to');
    const answered = replyTo === null ? null : readText(replyTo, 'mid', 'reply_to[mid]', 500);

    await this.limits.countSend(caller.page.pageId, channel, isAudioOrVideo(message));
    const media = message === null ? null : await this.media.prepare(call, message);
    try {
      const sent = await this.channel.send({
        key: { pageId: caller.page.pageId, psid },
        channel,
        callerAppId: caller.app.appId,
        message: media?.message ?? null,
        action,
        tag,
        control,
        traceId,
        ...(messagingType !== null && { messagingType }),
        ...(notificationType !== null && { notificationType }),
        ...(personaId !== null && { personaId }),
        ...(answered !== null && { replyTo: mid(answered) }),
        files: call.files,
      });
      expectApplied(sent.outcome, channel);
      if (sent.answer !== undefined) {
        for (const [name, value] of Object.entries(sent.answer.headers)) call.setHeader(name, value);
        return sent.answer.body;
      }
      return {
        recipient_id: psid,
        ...(sent.mid !== null && { message_id: sent.mid }),
        ...(media?.reusableId != null && { attachment_id: media.reusableId }),
      };
    } catch (error) {
      // A refused call leaves nothing behind.
      await media?.discard();
      throw error;
    }
  }

  private async readPersona({ parameters, caller: { page, app } }: PageCall): Promise<string | null> {
    const personaId = readGraphId(parameters, 'persona_id', 'persona_id');
    // Behind a gateway personas are the platform's.
    if (personaId === null || this.settings.gateway) return personaId;
    if ((await this.personas.find(page.pageId, app.appId, personaId)) === null) {
      throw new GraphError('invalid_parameter', 'Param persona_id must be the ID of a persona of this app');
    }
    return personaId;
  }
}

function isAudioOrVideo(message: Fields | null): boolean {
  const attachment = message?.['attachment'];
  return isObject(attachment) && (attachment['type'] === 'audio' || attachment['type'] === 'video');
}
