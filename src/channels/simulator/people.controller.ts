import { Body, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdminController } from '../../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../../admin-auth/api-problems.decorator.js';
import { pageIdSchema, psidSchema } from '../../admin-auth/parameters.js';
import { NotAnAct, RequiresRole } from '../../admin-auth/requires-role.decorator.js';
import { VisibleText } from '../../admin-auth/visible-text.decorator.js';
import type { PageId, Psid } from '../../domain/ids.js';
import { channels } from '../../domain/page.js';
import type { MessageText } from '../../domain/role.js';
import { threadStates } from '../../domain/thread/thread.js';
import { instant, instantSchema } from '../../views/instant.js';
import { logEntrySchema, logEntryView } from '../../views/log.view.js';
import { redactedText } from '../../views/redaction.js';
import { EmulatorOnlyGuard } from './emulator-only.guard.js';
import { personActionSchema, type PersonAction } from './person-action.js';
import type { PersonProfile, ProfileButton } from './person-profile.js';
import { SimulatedPeople } from './simulated-people.js';
import type { SeenMessage } from './transcript.js';

const actionResultSchema = z.object({
  state: z.enum(threadStates),
  owner_app_id: z.string().nullable().describe('The recorded owner; null while released.'),
  version: z.int(),
  log: z.array(logEntrySchema).describe('What the action led to, and who is told.'),
});

const seenMessageSchema = z.object({
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

const messagesSchema = z.object({ data: z.array(seenMessageSchema), next_cursor: z.string().nullable() });

const messagesQuerySchema = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the next_cursor of an earlier answer')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const profileButtonSchema = z.object({ app_id: z.string(), title: z.string(), payload: z.string() });

const profileSchema = z.object({
  channel: z.enum(channels),
  greeting: z.object({ app_id: z.string(), text: z.string() }).nullable(),
  get_started: z.object({ app_id: z.string(), payload: z.string() }).nullable(),
  ice_breakers: z.array(profileButtonSchema),
  persistent_menu: z.array(profileButtonSchema).describe('The items that answer with a postback.'),
});

const profileQuerySchema = z.object({
  channel: z.enum(channels).optional().describe('Where the person is; by default where the thread is, else Messenger.'),
});

@UseGuards(EmulatorOnlyGuard)
@AdminController('simulator/pages/:page_id/people/:psid', 'Simulator')
export class PeopleController {
  constructor(private readonly people: SimulatedPeople) {}

  @Post('actions')
  @RequiresRole('operator')
  @NotAnAct()
  @HttpCode(200)
  @ApiOperation({ summary: 'A simulated person does something' })
  @ApiOkResponse({ standardSchema: actionResultSchema })
  @ApiProblems(
    'page_not_found',
    'emulator_only',
    'wrong_channel',
    'button_not_seen',
    'message_not_seen',
    'not_on_channel',
    'instagram_not_linked',
    'not_storable',
    'busy',
  )
  async act(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Body({ schema: personActionSchema }) action: PersonAction,
    @Req() request: FastifyRequest,
  ): Promise<z.infer<typeof actionResultSchema>> {
    const { thread, rows } = await this.people.act({ pageId, psid }, action, request.id);
    return {
      state: thread.state,
      owner_app_id: thread.ownerAppId,
      version: thread.version,
      log: rows.map((row) => logEntryView(row, 'shown')),
    };
  }

  @Get('messages')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'What the person has seen: their own messages and those of the apps, oldest first' })
  @ApiOkResponse({ standardSchema: messagesSchema })
  @ApiProblems('page_not_found', 'thread_not_found', 'emulator_only')
  async messages(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Query({ schema: messagesQuerySchema }) query: z.infer<typeof messagesQuerySchema>,
    @VisibleText() text: MessageText,
  ): Promise<z.infer<typeof messagesSchema>> {
    const after = Number(query.cursor ?? 0);
    const { messages } = await this.people.transcript({ pageId, psid });
    const rest = messages.filter(({ rowId }) => rowId > after);
    const page = rest.slice(0, query.limit);
    return {
      data: page.map((message) => messageView(message, text)),
      next_cursor: rest.length > page.length ? String(page.at(-1)?.rowId) : null,
    };
  }

  @Get('profile')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'What the apps show the person around the conversation: greeting, buttons and menu' })
  @ApiOkResponse({ standardSchema: profileSchema })
  @ApiProblems('page_not_found', 'emulator_only', 'instagram_not_linked', 'wrong_channel')
  async profile(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Query({ schema: profileQuerySchema }) query: z.infer<typeof profileQuerySchema>,
  ): Promise<z.infer<typeof profileSchema>> {
    return profileView(await this.people.profile({ pageId, psid }, query.channel));
  }
}

function profileView({
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

function messageView(message: SeenMessage, visible: MessageText): z.infer<typeof seenMessageSchema> {
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
