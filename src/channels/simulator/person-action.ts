import { z } from 'zod';
import { channels } from '../../domain/page.js';

const channel = z
  .enum(channels)
  .optional()
  .describe('Where the person is; by default where the thread is, and for a new person Messenger.');
const text = z.string().min(1).max(100_000);
const title = z.string().min(1).max(1000);
const payload = z.string().min(1).max(1000);
const messageId = z.string().min(1).max(1000);
const adId = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'must be an ad id: 1 to 64 letters, digits, dots, dashes or underscores');
const ref = z.string().min(1).max(2083);

const entry = {
  ad_id: adId.optional().describe('The person came through this ad with this very action.'),
  ref: ref.optional().describe('The person came through this link with this very action; of an ad, its ref.'),
};

export const reactionNames = ['smile', 'angry', 'sad', 'wow', 'love', 'like', 'dislike', 'laugh', 'other'] as const;

/** What a simulated person can do. */
export const personActionSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      channel,
      type: z.literal('message'),
      text: text.optional(),
      attachments: z
        .array(z.strictObject({ type: z.enum(['image', 'audio', 'video', 'file']), url: z.url().max(2000) }))
        .min(1)
        .max(30)
        .optional(),
      reply_to: messageId.optional().describe('The message that this one answers.'),
      ...entry,
    })
    .refine((action) => action.text !== undefined || action.attachments !== undefined, {
      path: ['text'],
      message: 'a message needs a text or attachments',
    }),
  z.strictObject({ channel, type: z.literal('tap_ad'), ad_id: adId, ref: ref.optional() }),
  z.strictObject({ channel, type: z.literal('open_link'), ref }),
  z.strictObject({
    channel,
    type: z.literal('get_started'),
    title: title.default('Get Started'),
    payload: payload
      .optional()
      .describe('By default that of the Get Started button the person sees; if no app has set one, `GET_STARTED`.'),
    ...entry,
  }),
  z
    .strictObject({
      channel,
      type: z.literal('tap_button'),
      title: title.optional(),
      payload: payload.optional(),
      message_id: messageId.optional().describe('The message with the button; by default the newest that has it.'),
      ...entry,
    })
    .refine((action) => action.title !== undefined || action.payload !== undefined, {
      path: ['title'],
      message: 'name the button by its title or its payload',
    }),
  z
    .strictObject({
      channel,
      type: z.literal('tap_quick_reply'),
      title: title.optional(),
      payload: payload.optional(),
      message_id: messageId.optional().describe('The message with the quick reply; by default the newest that has it.'),
      ...entry,
    })
    .refine((action) => action.title !== undefined || action.payload !== undefined, {
      path: ['title'],
      message: 'name the quick reply by its title or its payload',
    }),
  z.strictObject({
    channel,
    type: z.literal('react'),
    message_id: messageId.optional().describe("By default the business side's newest message."),
    reaction: z.enum(reactionNames).default('love'),
    emoji: z.string().min(1).max(32).optional(),
    action: z.enum(['react', 'unreact']).default('react'),
  }),
  z.strictObject({
    channel,
    type: z.literal('read'),
    message_id: messageId.optional().describe("Up to this message; by default the business side's newest."),
  }),
  z.strictObject({
    channel,
    type: z.literal('deliver'),
    message_id: messageId.optional().describe("By default the business side's newest message."),
  }),
  z.strictObject({
    channel,
    type: z.literal('edit'),
    message_id: messageId.optional().describe("By default the person's newest message."),
    text,
  }),
  z.strictObject({
    channel,
    type: z.literal('unsend'),
    message_id: messageId.optional().describe("By default the person's newest message."),
  }),
  z.strictObject({ channel, type: z.literal('opt_in'), ref }),
]);

/** What a simulated person does. */
export type PersonAction = z.infer<typeof personActionSchema>;
