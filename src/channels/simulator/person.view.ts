import { z } from 'zod';
import { channels } from '../../domain/page.js';
import { threadStates } from '../../domain/thread/thread.js';
import type { MessageText } from '../../domain/role.js';
import { redactedText } from '../../views/redaction.js';
import { instant, instantSchema } from '../../views/instant.js';
import { logEntrySchema } from '../../views/log.view.js';
import type { PersonProfile, ProfileButton } from './person-profile.js';
import type { SeenMessage } from './transcript.js';

export const actionResultSchema = z.object({
  state: z.enum(threadStates),
  owner_app_id: z.string().nullable().describe('The recorded owner; null while released.'),
  version: z.int(),
  log: z.array(logEntrySchema).describe('What the action led to, and who is told.'),
});

export const seenMessageSchema = z.object({
  id: z.string().describe('The message id (mid).'),
  from: z.enum(['person', 'app']),
  app_id: z.string().nullable(),
  at: instantSchema,
  text: z.string().nullable(),
  attachments: z.array(z.unknown()),
  quick_replies: z.array(z.object({ title: z.string().nullable(), payload: z.string().nullable() })),
  buttons: z.array(z.object({ title: z.string(), payload: z.string() })),
  reply_to: z.string().nullable(),
  persona_id: z.string().nullable().describe('Under which of its personas the app wrote.'),
  edited: z.boolean(),
  deleted: z.boolean(),
  reactions: z.array(z.object({ by: z.string().describe('`person`, or an app id.'), reaction: z.string() })),
});

export const messagesSchema = z.object({ data: z.array(seenMessageSchema), next_cursor: z.string().nullable() });

const profileButtonSchema = z.object({ app_id: z.string(), title: z.string(), payload: z.string() });

export const profileSchema = z.object({
  channel: z.enum(channels),
  greeting: z.object({ app_id: z.string(), text: z.string() }).nullable(),
  get_started: z.object({ app_id: z.string(), payload: z.string() }).nullable(),
  ice_breakers: z.array(profileButtonSchema),
  persistent_menu: z.array(profileButtonSchema).describe('The items that answer with a postback.'),
});

export function profileView({
  channel,
  greeting,
  getStarted,
  iceBreakers,
  menu,
}: PersonProfile): z.infer<typeof profileSchema> {
  const button = ({ appId, title, payload }: ProfileButton) => ({ app_id: appId, title, payload });
  return {
    channel,
    greeting: greeting === null ? null : { app_id: greeting.appId, text: greeting.text },
    get_started: getStarted === null ? null : { app_id: getStarted.appId, payload: getStarted.payload },
    ice_breakers: iceBreakers.map(button),
    persistent_menu: menu.map(button),
  };
}

export function messageView(message: SeenMessage, visible: MessageText): z.infer<typeof seenMessageSchema> {
  const said = (text: string) => (visible === 'shown' ? text : redactedText);
  const saidOrNull = (text: string | null | undefined) => (text == null ? null : said(text));
  return {
    id: message.mid,
    from: message.appId === null ? 'person' : 'app',
    app_id: message.appId,
    at: instant(message.at),
    text: message.deleted ? null : saidOrNull(message.text),
    attachments: message.deleted || visible === 'redacted' ? [] : [...message.attachments],
    quick_replies: message.quickReplies.map(({ title, payload }) => ({
      title: saidOrNull(title),
      payload: saidOrNull(payload),
    })),
    buttons: message.buttons.map(({ title, payload }) => ({ title: said(title), payload: said(payload) })),
    reply_to: message.replyTo,
    persona_id: message.personaId,
    edited: message.edits > 0,
    deleted: message.deleted,
    reactions: [...message.reactions].map(([by, reaction]) => ({ by, reaction: said(reaction) })),
  };
}
