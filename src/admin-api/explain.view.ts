import { z } from 'zod';
import { appIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { channels } from '../domain/page.js';
import type { UserEventType } from '../domain/thread/thread.events.js';
import { noticeSchema } from '../views/log.view.js';
import { threadSchema } from '../views/thread.view.js';
import { adIdSchema, linkRefSchema } from './route.view.js';

/** What the person would do, and the event it is. */
export const actions = {
  message: 'user.message',
  tap_ad: 'user.referral',
  open_link: 'user.referral',
  get_started: 'user.get_started',
  tap_button: 'user.postback',
  tap_quick_reply: 'user.message',
  react: 'user.reaction',
  read: 'user.read',
} as const satisfies Record<string, UserEventType>;
const actionNames = Object.keys(actions) as [keyof typeof actions, ...(keyof typeof actions)[]];

export const explainSchema = z
  .strictObject({
    psid: psidSchema.optional().describe('The person; left out, or without a thread: somebody new.'),
    channel: z.enum(channels).optional().describe("Left out: the person's, or Messenger for somebody new."),
    type: z.enum(actionNames),
    ad_id: adIdSchema.optional().describe('The ad that was tapped, now or together with the message or button.'),
    ref: linkRefSchema.optional().describe('The link that was opened; with an ad: the `ref` of its referral.'),
    button_app_id: appIdSchema
      .optional()
      .describe('The app whose button is tapped: it gets the payload, whoever owns the thread.'),
  })
  .refine(({ type, ad_id }) => type !== 'tap_ad' || ad_id !== undefined, {
    path: ['ad_id'],
    message: 'which ad is tapped?',
  })
  .refine(({ type, ref }) => type !== 'open_link' || ref !== undefined, {
    path: ['ref'],
    message: 'which link is opened?',
  })
  .meta({ id: 'Explain' });
export type Explain = z.infer<typeof explainSchema>;

export const explanationSchema = z
  .object({
    app_id: z.string().nullable().describe('The app in control afterwards; null: every subscribed app may answer.'),
    because: z.enum(['ad_route', 'link_route', 'social_routing', 'default_app', 'owner', 'nobody']),
    skipped_app_id: z.string().nullable().describe('An app that a route names but that is not connected.'),
    before: threadSchema,
    after: threadSchema,
    notices: z.array(noticeSchema).describe('Who is told what, in this order.'),
    sentences: z.array(z.string()).describe('The same for people.'),
  })
  .meta({ id: 'Explanation' });
