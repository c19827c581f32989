import { z } from 'zod';
import { messagingWindowEndsAt } from '../domain/messaging-window.js';
import { channels, type Page } from '../domain/page.js';
import { asOf, effectiveOwnerOf } from '../domain/thread/decide.js';
import { entryPointTypes, threadStates, type EntryPoint, type Thread } from '../domain/thread/thread.js';
import { instantOrNull, instantSchema } from './instant.js';

export const entryPointSchema = z.object({
  type: z.enum(entryPointTypes),
  ad_id: z.string().nullable(),
  ref: z.string().nullable(),
});

/** A thread in answers. */
export const threadSchema = z.object({
  page_id: z.string(),
  psid: z.string(),
  channel: z.enum(channels),
  state: z.enum(threadStates),
  owner_app_id: z.string().nullable().describe('The recorded owner; null while released.'),
  effective_owner_app_id: z
    .string()
    .nullable()
    .describe("Who controls the thread: the recorded owner, or the channel's default app while it is released."),
  previous_owner_app_id: z.string().nullable(),
  entry_point: entryPointSchema.nullable(),
  owner_since: instantSchema.nullable(),
  expires_at: instantSchema.nullable().describe('When control is released if the person stays silent.'),
  window_expires_at: instantSchema.nullable().describe('Until when the app in control may write.'),
  version: z.int().describe('Rises by one with every change of state or owner.'),
});
export type ThreadView = z.infer<typeof threadSchema>;

/** The thread as it stands `at` that time, whether or not its timer has fired. */
export function threadView(thread: Thread, page: Page, at: number): ThreadView {
  const current = asOf(thread, page, at);
  return {
    page_id: current.pageId,
    psid: current.psid,
    channel: current.channel,
    state: current.state,
    owner_app_id: current.ownerAppId,
    effective_owner_app_id: effectiveOwnerOf(current, page),
    previous_owner_app_id: current.previousOwnerAppId,
    entry_point: entryPointView(current.entryPoint),
    owner_since: instantOrNull(current.ownerSince),
    expires_at: instantOrNull(current.deadlineAt),
    window_expires_at: instantOrNull(messagingWindowEndsAt(current.lastUserEventAt, false)),
    version: current.version,
  };
}

export function entryPointView(entryPoint: EntryPoint | null): z.infer<typeof entryPointSchema> | null {
  return entryPoint === null ? null : { type: entryPoint.type, ad_id: entryPoint.adId, ref: entryPoint.ref };
}
