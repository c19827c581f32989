import { z } from 'zod';
import { deliveryId } from '../domain/delivery-id.js';
import { deliveryStatuses, type DeliveryRecord } from '../store/delivery.store.js';
import { instant, instantOrNull, instantSchema } from '../views/instant.js';
import { logEntryId } from '../views/log.view.js';
import { pageOfSchema } from './paging.js';

export const deliverySchema = z
  .object({
    id: z.string().describe('The same for every attempt and replay; in the header of each POST.'),
    app_id: z.string(),
    page_id: z.string(),
    psid: z.string(),
    event_id: z.string().describe('The log entry it tells of.'),
    event_type: z.string(),
    at: instantSchema.describe('When the event was decided.'),
    kind: z.enum(['event', 'pass', 'take']),
    field: z.enum(['messaging', 'standby']),
    status: z
      .enum(deliveryStatuses)
      .describe(
        '`pending`: not dispatched yet. `held`: owed to an app that is paused or failing as a whole. `retrying`: it, or an ' +
          'earlier one of the thread, waits for its next attempt. `dead_letter`: given up. `replaying`: to be sent again.',
      ),
    reason: z.string().nullable().describe('Why it was given up or waits.'),
    next_attempt_at: instantSchema.nullable(),
    attempts: z
      .array(
        z.object({
          attempt: z.int(),
          at: instantSchema,
          status: z.int().nullable().describe('The HTTP status; null without an answer.'),
          duration_ms: z.int(),
          error: z.string().nullable(),
        }),
      )
      .describe('Oldest first; in gateway mode only those that failed, unless DELIVERY_ATTEMPTS says otherwise.'),
  })
  .meta({ id: 'Delivery' });
export const deliveryPageSchema = pageOfSchema(deliverySchema);

export function deliveryView(delivery: DeliveryRecord, incarnation: string): z.infer<typeof deliverySchema> {
  const { row, told } = delivery;
  return {
    id: deliveryId(incarnation, delivery),
    app_id: told.appId,
    page_id: row.pageId,
    psid: row.psid,
    event_id: logEntryId(row),
    event_type: row.type,
    at: instant(row.at),
    kind: told.kind,
    field: told.kind === 'event' ? told.field : 'messaging',
    status: delivery.status,
    reason: delivery.reason,
    next_attempt_at: instantOrNull(delivery.nextAttemptAt),
    attempts: delivery.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      at: instant(attempt.at),
      status: attempt.status,
      duration_ms: attempt.durationMs,
      error: attempt.error,
    })),
  };
}
