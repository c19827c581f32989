import { randomUUID } from 'node:crypto';
import { businessIdOf, type Page } from '../domain/page.js';
import { toWireJson } from '../domain/wire-json.js';
import type { SubmittedEvent } from '../routing/submission.js';
import type { SenderAction, SendRequest } from './channel.js';

/** A sender action as an event, with what the person's side shows of it. `at` in milliseconds since 1970. */
export function actionEvent(request: SendRequest, action: SenderAction, page: Page, at: number): SubmittedEvent {
  const payload = toWireJson({
    sender: { id: businessIdOf(page, request.channel) },
    recipient: { id: request.key.psid },
    timestamp: at,
    ...actionFields(action),
  });
  return {
    event: { type: 'app.action', callerAppId: request.callerAppId, action: action.type, payload },
    sourceId: `app.action:${randomUUID()}`,
    occurredAt: null,
  };
}

/** A sender action in the words of the Send API. */
export function actionFields(action: SenderAction): Record<string, unknown> {
  return {
    sender_action: action.type,
    ...('messageId' in action && {
      payload: { message_id: action.messageId, ...('reaction' in action && { reaction: action.reaction }) },
    }),
  };
}
