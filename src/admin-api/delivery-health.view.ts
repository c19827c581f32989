import { z } from 'zod';
import type { App } from '../store/configuration.js';
import type { DeliveryBacklog } from '../store/cursor.store.js';
import { instantOrNull, instantSchema } from '../views/instant.js';

export const healthStatuses = ['failing', 'paused', 'dead_letters', 'ok'] as const;

export const appHealthSchema = z
  .object({
    app_id: z.string(),
    name: z.string(),
    status: z
      .enum(healthStatuses)
      .describe(
        '`failing`: something waits for its next attempt; `dead_letters`: what was given up was not sent again.',
      ),
    paused_at: instantSchema.nullable(),
    failing_since: instantSchema.nullable(),
    last_error: z.string().nullable(),
    next_attempt_at: instantSchema.nullable(),
    stalled_threads: z.int().describe('Threads that wait for their next attempt.'),
    held: z.int().describe('Events held back while the app is paused or fails as a whole.'),
    dead_letters: z.int().describe('Given up and not sent again.'),
  })
  .meta({ id: 'AppHealth' });
export const deliveryHealthSchema = z.object({ data: z.array(appHealthSchema) }).meta({ id: 'DeliveryHealth' });
export type AppHealth = z.infer<typeof appHealthSchema>;

export function appHealthView(app: App, backlog: DeliveryBacklog | undefined): AppHealth {
  const deadLetters = backlog?.deadLetters ?? 0;
  const isFailing = (backlog?.stalledThreads ?? 0) > 0;
  return {
    app_id: app.appId,
    name: app.name,
    status: isFailing ? 'failing' : app.pausedAt !== null ? 'paused' : deadLetters > 0 ? 'dead_letters' : 'ok',
    paused_at: instantOrNull(app.pausedAt),
    failing_since: instantOrNull(backlog?.failingSince ?? null),
    last_error: backlog?.lastError ?? null,
    next_attempt_at: instantOrNull(backlog?.nextAttemptAt ?? null),
    stalled_threads: backlog?.stalledThreads ?? 0,
    held: backlog?.owed ?? 0,
    dead_letters: deadLetters,
  };
}
