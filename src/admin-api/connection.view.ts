import { z } from 'zod';
import { normaliseField, webhookFields, type Channel, type WebhookField } from '../domain/page.js';
import type { ConnectionEntity } from '../store/connection.entity.js';
import { instantSchema } from '../views/instant.js';
import { pageOfSchema } from './paging.js';

const fieldSchema = z
  .string()
  .refine((name) => normaliseField(name) !== null, `must be one of ${webhookFields.join(', ')}`)
  .transform((name): WebhookField => {
    const field = normaliseField(name);
    if (field === null) throw new Error('refined above');
    return field;
  });

export const putConnectionSchema = z
  .strictObject({
    subscribed_fields: z
      .array(fieldSchema)
      .max(100)
      .optional()
      .describe(
        `What the app hears, of ${webhookFields.join(', ')}; Instagram's spellings count too. Left out: everything.`,
      ),
    standby: z
      .strictObject({ messenger: z.boolean().optional(), instagram: z.boolean().optional() })
      .optional()
      .describe(
        'Whether the app gets copies of conversations that others own, which takes the field `standby` as well. Left ' +
          'out: both on, with the field, once the page has had a default app; else off.',
      ),
    can_take_control: z
      .boolean()
      .default(false)
      .describe('Whether a message of this app takes control from another app.'),
  })
  .describe('What is given is kept as given; what is left out gets its default, also when a connection is replaced.')
  .meta({ id: 'PutConnection' });
export type PutConnection = z.infer<typeof putConnectionSchema>;

export const connectionSchema = z
  .object({
    page_id: z.string(),
    app_id: z.string(),
    subscribed_fields: z.array(z.enum(webhookFields)),
    effective_fields: z
      .array(z.enum(webhookFields))
      .describe('What is delivered of Messenger: fields that the app itself subscribes to as well.'),
    effective_instagram_fields: z.array(z.enum(webhookFields)).describe('The same of Instagram.'),
    standby: z.object({ messenger: z.boolean(), instagram: z.boolean() }),
    can_take_control: z.boolean(),
  })
  .meta({ id: 'Connection' });
export const connectionPageSchema = pageOfSchema(connectionSchema);

export const putConnectionAnswerSchema = connectionSchema
  .extend({
    page_access_token: z
      .string()
      .optional()
      .describe('Only in the answer that connects the app; it is not shown again.'),
  })
  .meta({ id: 'PutConnectionAnswer' });

export const tokenSchema = z
  .object({
    page_access_token: z.string(),
    previous_expires_at: instantSchema.describe('When the tokens before this one end.'),
  })
  .meta({ id: 'Token' });

/** `own` is what the app itself subscribes to, by channel; null: every field. */
export function connectionView(
  connection: ConnectionEntity,
  own: Readonly<Record<Channel, ReadonlySet<WebhookField> | null>>,
): z.infer<typeof connectionSchema> {
  const heardOn = (channel: Channel) => connection.subscribedFields.filter((field) => own[channel]?.has(field) ?? true);
  return {
    page_id: connection.pageId,
    app_id: connection.appId,
    subscribed_fields: connection.subscribedFields,
    effective_fields: heardOn('messenger'),
    effective_instagram_fields: heardOn('instagram'),
    standby: { messenger: connection.standbyMessenger, instagram: connection.standbyInstagram },
    can_take_control: connection.canTakeControl,
  };
}
