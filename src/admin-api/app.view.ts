import { z } from 'zod';
import { webhookFields } from '../domain/page.js';
import type { AppEntity } from '../store/app.entity.js';
import { instant, instantSchema } from '../views/instant.js';
import { pageOfSchema } from './paging.js';
import { text } from './text.js';

export const putAppSchema = z
  .strictObject({
    name: text(200),
    kind: z.enum(['bot', 'inbox']).default('bot').describe('An inbox is a tool of people: it may always take control.'),
    callback_url: z
      .string()
      .max(2048)
      .nullable()
      .default(null)
      .describe(
        'Where webhooks are posted. Setting or changing it asks the callback with `hub.mode`, `hub.verify_token` and ' +
          '`hub.challenge`; it must answer 200 and the challenge, or nothing is changed. Another address than before is ' +
          'for pages and Instagram accounts alike.',
      ),
    verify_token: text(1000)
      .optional()
      .describe(
        'What the callback expects in `hub.verify_token`. Left out: the one set before, else one is generated and shown ' +
          'in this answer only.',
      ),
    app_secret: text(1000)
      .optional()
      .describe(
        'Signs the webhooks. Left out: the one set before, else one is generated and shown in this answer only.',
      ),
    previous_secret_hours: z
      .int()
      .min(0)
      .max(24 * 30)
      .optional()
      .describe(
        'For how long from now the secret that is replaced may still be used in app access tokens and ' +
          '`appsecret_proof`; left out: 24. Without a new secret it shortens what is left; 0 ends it at once.',
      ),
    appsecret_proof_required: z
      .boolean()
      .optional()
      .describe(
        'Whether its calls of the Graph API must bring an `appsecret_proof`. Left out: as before, at first no.',
      ),
    batch_size_max: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe('How many events one POST may carry. Many bots read only the first one.'),
  })
  .meta({ id: 'PutApp' });
export type PutApp = z.infer<typeof putAppSchema>;

export const appSchema = z
  .object({
    app_id: z.string(),
    name: z.string(),
    kind: z.enum(['bot', 'inbox']),
    callback_url: z.string().nullable(),
    instagram_callback_url: z
      .string()
      .nullable()
      .describe(
        'Where events of Instagram accounts go, if the app set another callback for them through the Graph API.',
      ),
    batch_size_max: z.int(),
    subscribed_fields: z
      .array(z.enum(webhookFields))
      .nullable()
      .describe('What the app itself subscribes to of pages, which it sets through the Graph API; null: every field.'),
    instagram_subscribed_fields: z
      .array(z.enum(webhookFields))
      .nullable()
      .describe(
        'The same of Instagram accounts. Once it subscribes to one of the two, it hears only what it asked for.',
      ),
    appsecret_proof_required: z
      .boolean()
      .describe('Whether its calls of the Graph API must bring an `appsecret_proof`.'),
    previous_secret_expires_at: instantSchema
      .nullable()
      .describe('Until when the secret before the last change may still be used; null: there is none.'),
    paused_at: instantSchema.nullable().describe('Since when its deliveries are held; null: they are not.'),
    pause_reason: z.string().nullable(),
  })
  .meta({ id: 'App' });
export const appPageSchema = pageOfSchema(appSchema);

export const putAppAnswerSchema = appSchema
  .extend({
    app_secret: z.string().optional().describe('Only if it was generated now.'),
    verify_token: z.string().optional().describe('Only if it was generated now.'),
  })
  .meta({ id: 'PutAppAnswer' });
export type PutAppAnswer = z.infer<typeof putAppAnswerSchema>;

export const pauseSchema = z.strictObject({ reason: text(1000).optional() }).optional();

export function appView(app: AppEntity): z.infer<typeof appSchema> {
  return {
    app_id: app.appId,
    name: app.name,
    kind: app.kind,
    callback_url: app.callbackUrl,
    instagram_callback_url: app.instagramCallbackUrl,
    batch_size_max: app.batchSizeMax,
    subscribed_fields: app.subscribedFields,
    instagram_subscribed_fields: app.instagramSubscribedFields,
    appsecret_proof_required: app.appsecretProofRequired,
    previous_secret_expires_at:
      app.previousAppSecretExpiresAt === null ? null : instant(app.previousAppSecretExpiresAt.getTime()),
    paused_at: app.pausedAt === null ? null : instant(app.pausedAt.getTime()),
    pause_reason: app.pauseReason,
  };
}
