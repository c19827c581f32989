import { z } from 'zod';
import { deliveryId } from '../domain/delivery-id.js';
import type { MessageText } from '../domain/role.js';
import type { Configuration } from '../store/configuration.js';
import { instant, instantSchema } from '../views/instant.js';
import { logEntryId } from '../views/log.view.js';
import type { ThreadDescriber } from './thread-describer.js';
import { describedThreadSchema } from './thread-describer.view.js';
import { threadEventSchema, threadEventView } from './thread-event.view.js';
import type { LiveHappening } from '../live/live-item.js';

export const liveLogSchema = threadEventSchema
  .extend({
    thread: describedThreadSchema.nullable().describe('As it stands after the event; null if its page is gone.'),
  })
  .meta({ id: 'LiveLog' });

export const liveDeliverySchema = z
  .object({
    delivery_id: z.string(),
    event_id: z.string(),
    app_id: z.string(),
    page_id: z.string(),
    psid: z.string(),
    attempt: z.int(),
    at: instantSchema,
    outcome: z.enum(['acknowledged', 'failed']),
    status: z.int().nullable().describe('The HTTP status; null without an answer.'),
    duration_ms: z.int(),
    error: z.string().nullable(),
  })
  .meta({ id: 'LiveDelivery' });

export const liveConfigurationSchema = z.object({ epoch: z.int() }).meta({ id: 'LiveConfiguration' });
export const liveClockSchema = z.object({ now: instantSchema }).meta({ id: 'LiveClock' });

export interface LiveViewContext {
  readonly configuration: Configuration;
  readonly describer: ThreadDescriber;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly nameOf: (appId: string) => string;
}

/** What is said of something that happened, as the data of an event. */
export function liveView(happening: LiveHappening, text: MessageText, context: LiveViewContext): object {
  const { configuration, describer, now, nameOf } = context;
  switch (happening.type) {
    case 'log': {
      const { row } = happening.followed;
      const view: z.infer<typeof liveLogSchema> = {
        ...threadEventView(happening.followed, text, nameOf),
        thread: describer.describe(row.thread, row.at),
      };
      return view;
    }
    case 'delivery': {
      const { attempt } = happening;
      const view: z.infer<typeof liveDeliverySchema> = {
        delivery_id: deliveryId(configuration.incarnation, attempt),
        event_id: logEntryId(attempt),
        app_id: attempt.appId,
        page_id: attempt.pageId,
        psid: attempt.psid,
        attempt: attempt.attempt,
        at: instant(attempt.at),
        outcome: attempt.error === null ? 'acknowledged' : 'failed',
        status: attempt.status,
        duration_ms: attempt.durationMs,
        error: attempt.error,
      };
      return view;
    }
    case 'configuration': {
      const view: z.infer<typeof liveConfigurationSchema> = { epoch: configuration.epoch };
      return view;
    }
    case 'clock': {
      const view: z.infer<typeof liveClockSchema> = { now: instant(now) };
      return view;
    }
  }
}
