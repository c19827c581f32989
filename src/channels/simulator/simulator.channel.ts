import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import type { Mid } from '../../domain/ids.js';
import { businessIdOf, type Page } from '../../domain/page.js';
import { controlEvent, midOf } from '../../routing/intent.js';
import type { Outcome, SubmittedEvent } from '../../routing/submission.js';
import { ThreadRouter } from '../../routing/thread-router.js';
import { ConfigurationCache } from '../../store/configuration.cache.js';
import { actionEvent } from '../action-event.js';
import { Channel, type SendOutcome, type SendRequest } from '../channel.js';
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
    if (request.action !== null) events.push(actionEvent(request, request.action, page, this.clock.now()));
    if (request.control !== null) {
      const sourceId = `control.${request.control.type}:${randomUUID()}`;
      events.push(controlEvent(request.callerAppId, request.control, sourceId));
    }

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
}

/** The id under which the message is in the log: of a repeated call, the one it got the first time. */
function sentMid(outcome: Outcome): Mid | null {
  if (outcome.result !== 'applied' && outcome.result !== 'duplicate') return null;
  const row = outcome.rows.find(({ type }) => type === 'app.send');
  return row === undefined ? null : midOf(row);
}
