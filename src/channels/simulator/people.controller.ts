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
import { logEntryView } from '../../views/log.view.js';
import { EmulatorOnlyGuard } from './emulator-only.guard.js';
import { personActionSchema, type PersonAction } from './person-action.js';
import { actionResultSchema, messagesSchema, messageView, profileSchema, profileView } from './person.view.js';
import { SimulatedPeople } from './simulated-people.js';

const messagesQuerySchema = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the next_cursor of an earlier answer')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
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
