import { z } from 'zod';
import { appIdSchema, instagramIdSchema } from '../admin-auth/parameters.js';
import { outsideReplyPolicies } from '../domain/page.js';
import type { PageEntity } from '../store/page.entity.js';
import { pageOfSchema } from './paging.js';
import { text } from './text.js';

const channelShape = {
  default_app_id: appIdSchema
    .nullable()
    .default(null)
    .describe('Gets every conversation that nothing routes elsewhere.'),
  social_app_id: appIdSchema
    .nullable()
    .default(null)
    .describe('Gets Get Started taps, and threads without an event of the person for 24 hours.'),
};

export const putPageSchema = z
  .strictObject({
    name: text(200),
    ...channelShape,
    instagram: z
      .strictObject({ id: instagramIdSchema, ...channelShape })
      .nullable()
      .default(null)
      .describe('The Instagram account linked to the page, with its own default and social app.'),
    meta: z
      .strictObject({ page_access_token: text(1000).describe('Stored for sending, and never shown again.') })
      .nullable()
      .optional()
      .describe('What the gateway sends with, on both channels. Left out: it stays as it is; null: it is forgotten.'),
    outside_replies: z
      .enum(outsideReplyPolicies)
      .default('inbox_takes')
      .describe(
        'When somebody answers a person past Signalbox, in the platform’s inbox or on a phone: the page’s inbox takes ' +
          'the thread and its owner is told, or apps only get the echo.',
      ),
  })
  .describe(
    'The first two apps are Messenger’s. An app must be connected to the page to be named here, except while no app is ' +
      'connected at all: then each takes effect when it is connected. The first default app of either channel turns ' +
      'standby on for every connected app.',
  )
  .meta({ id: 'PutPage' });
export type PutPage = z.infer<typeof putPageSchema>;

const channelAnswerShape = {
  default_app_id: z.string().nullable(),
  social_app_id: z.string().nullable(),
};
export const pageSchema = z
  .object({
    page_id: z.string(),
    name: z.string(),
    ...channelAnswerShape,
    instagram: z.object({ id: z.string(), ...channelAnswerShape }).nullable(),
    standby_on_connect: z
      .boolean()
      .describe('Whether apps connected from now on get standby, unless they say otherwise.'),
    meta: z.object({ configured: z.boolean() }).describe('Whether the gateway has a page access token to send with.'),
    outside_replies: z.enum(outsideReplyPolicies),
  })
  .meta({ id: 'Page' });
export const pagePageSchema = pageOfSchema(pageSchema);

export function pageView(page: PageEntity): z.infer<typeof pageSchema> {
  return {
    page_id: page.pageId,
    name: page.name,
    default_app_id: page.defaultAppId,
    social_app_id: page.socialAppId,
    instagram:
      page.instagramId === null
        ? null
        : {
            id: page.instagramId,
            default_app_id: page.instagramDefaultAppId,
            social_app_id: page.instagramSocialAppId,
          },
    standby_on_connect: page.standbyOnConnect,
    meta: { configured: page.metaAccessToken !== null },
    outside_replies: page.outsideReplies,
  };
}
