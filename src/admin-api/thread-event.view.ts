import { z } from 'zod';
import type { MessageText } from '../domain/role.js';
import { threadStates } from '../domain/thread/thread.js';
import type { FollowedRow } from '../store/live.store.js';
import { logEntrySchema, logEntryView } from '../views/log.view.js';
import { refusalInWords } from '../views/refusal-words.js';

/** A row of the log with what was before it, and what a refusal means. */
export const threadEventSchema = logEntrySchema
  .extend({
    state_before: z.enum(threadStates),
    owner_app_id_before: z.string().nullable(),
    refusal_text: z
      .string()
      .nullable()
      .describe(
        'In words: who was refused what, who owns the thread, since when and until when, and what helps. Times are UTC.',
      ),
  })
  .meta({ id: 'ThreadEvent' });
export type ThreadEventView = z.infer<typeof threadEventSchema>;

export function threadEventView(
  { row, before }: FollowedRow,
  text: MessageText,
  nameOf: (appId: string) => string,
): ThreadEventView {
  const entry = logEntryView(row, text);
  const { refusal } = entry;
  return {
    ...entry,
    state_before: before?.state ?? 'released',
    owner_app_id_before: before?.ownerAppId ?? null,
    refusal_text: refusal === null ? null : refusalInWords({ ...entry, refusal }, { nameOf, timeZone: 'UTC' }),
  };
}
