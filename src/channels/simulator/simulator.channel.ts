import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import { mid, type Mid } from '../../domain/ids.js';
import type { LogRow } from '../../domain/log.js';
import { businessIdOf, type Page } from '../../domain/page.js';
import { parseJson, toWireJson } from '../../domain/wire-json.js';
import type { Outcome, SubmittedEvent } from '../../routing/submission.js';
import { ThreadRouter } from '../../routing/thread-router.js';
import { ConfigurationCache } from '../../store/configuration.cache.js';
import { Channel, type ControlChange, type SendOutcome, type SenderAction, type SendRequest } from '../channel.js';
import { echoItem } from '../echo.js';
import { newMid } from '../message-id.js';

/** The emulator's channel: a message reaches the simulated person by being committed to the log. */
@Injectable()
export class SimulatorChannel extends Channel {
  constructor(
    private readonly router: ThreadRouter,
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async send(request: SendRequest): Promise<SendOutcome> {
    const page = this.configuration.current().pages.get(request.key.pageId);
    if (page === undefined) return { mid: null, outcome: { result: 'unknown_page' } };

    const newMessageId = newMid(request.channel);
    const events: SubmittedEvent[] = [];
    if (request.message !== null) events.push(this.#message(request, request.message, page, newMessageId));
    if (request.action !== null) events.push(this.#action(request, request.action, page));
    if (request.control !== null) events.push(control(request, request.control));

    const outcome = await this.router.dispatch({
      key: request.key,
      channel: request.channel,
      events,
      cause: { by: 'app', appId: request.callerAppId, traceId: request.traceId },
      ...(request.ifVersion !== undefined && { ifVersion: request.ifVersion }),
      ...(request.idempotency !== undefined && { idempotency: request.idempotency }),
    });
    return { mid: sentMid(outcome), outcome };
  }

  #message(request: SendRequest, message: Record<string, unknown>, page: Page, newMessageId: Mid): SubmittedEvent {
    const payload = echoItem({
      channel: request.channel,
      businessId: businessIdOf(page, request.channel),
      psid: request.key.psid,
      appId: request.callerAppId,
      mid: newMessageId,
      at: this.clock.now(),
      message,
      personaId: request.personaId ?? null,
      replyTo: request.replyTo ?? null,
    });
    return {
      event: { type: 'app.send', callerAppId: request.callerAppId, tag: request.tag, mid: newMessageId, payload },
      sourceId: `app.send:${newMessageId}`,
      occurredAt: null,
    };
  }

  #action(request: SendRequest, action: SenderAction, page: Page): SubmittedEvent {
    const payload = toWireJson({
      sender: { id: businessIdOf(page, request.channel) },
      recipient: { id: request.key.psid },
      timestamp: this.clock.now(),
      sender_action: action.type,
      ...('messageId' in action && {
        payload: { message_id: action.messageId, ...('reaction' in action && { reaction: action.reaction }) },
      }),
    });
    return {
      event: { type: 'app.action', callerAppId: request.callerAppId, action: action.type, payload },
      sourceId: `app.action:${randomUUID()}`,
      occurredAt: null,
    };
  }
}

function control({ callerAppId }: SendRequest, change: ControlChange): SubmittedEvent {
  return {
    event:
      change.type === 'pass'
        ? { type: 'control.pass', callerAppId, targetAppId: change.targetAppId, metadata: null }
        : { type: 'control.release', callerAppId },
    sourceId: `control.${change.type}:${randomUUID()}`,
    occurredAt: null,
  };
}

/** The id under which the message is in the log: of a repeated call, the one it got the first time. */
function sentMid(outcome: Outcome): Mid | null {
  if (outcome.result !== 'applied' && outcome.result !== 'duplicate') return null;
  const row = outcome.rows.find(({ type }) => type === 'app.send');
  return row === undefined ? null : midOf(row);
}

function midOf({ payload }: LogRow): Mid | null {
  if (payload === null) return null;
  const { message } = parseJson(payload) as { message?: { mid?: string } };
  return message?.mid === undefined ? null : mid(message.mid);
}
