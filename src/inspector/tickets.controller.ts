import { Body, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { operatorOf } from '../admin-auth/operator.js';
import { pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { InspectorTicketStore } from '../store/inspector-ticket.store.js';
import { instant, instantSchema } from '../views/instant.js';
import { ScopeCheck, scopeParameters, type InspectionScope } from './inspection-scope.js';

const scopeSchema = z
  .strictObject({
    page_id: pageIdSchema.optional().describe('Only threads of this page; absent: of all pages.'),
    psid: psidSchema.optional().describe('Only the thread of this person of the page.'),
  })
  .refine(({ page_id, psid }) => psid === undefined || page_id !== undefined, {
    path: ['psid'],
    message: 'name the page_id as well',
  })
  .meta({ id: 'InspectorScope' });

export const ticketSchema = z
  .object({
    ticket: z.string().describe('Opens the stream once, within a minute.'),
    expires_at: instantSchema,
    url: z.string().describe("The stream's address, a WebSocket, with the ticket in it."),
    stately_url: z
      .string()
      .describe('The page that shows the stream in the hosted Stately inspector, with the ticket in it.'),
  })
  .meta({ id: 'InspectorTicket' });

@AdminController('inspector/tickets', 'Inspector')
export class InspectorTicketsController {
  constructor(
    private readonly tickets: InspectorTicketStore,
    private readonly scopes: ScopeCheck,
  ) {}

  @Post()
  @RequiresRole('viewer')
  @ApiOperation({
    summary: 'A ticket for the XState inspector',
    description:
      'With it one WebSocket is opened at `/inspector`: it tells of one thread, of those of a page, or of all, as messages ' +
      'of `@statelyai/inspect`, the log first and then what happens. No message text is in them. The stream ends when the ' +
      'session or token that asked for the ticket does.',
  })
  @ApiCreatedResponse({ standardSchema: ticketSchema })
  @ApiProblems('page_not_found', 'thread_not_found')
  async create(
    @Body({ schema: scopeSchema }) { page_id: pageId, psid }: z.infer<typeof scopeSchema>,
    @Req() request: FastifyRequest,
  ): Promise<z.infer<typeof ticketSchema>> {
    const scope: InspectionScope = pageId === undefined ? { pageId: null, psid: null } : { pageId, psid: psid ?? null };
    await this.scopes.require(scope);
    const subject = scopeParameters(scope);
    const { ticket, expiresAt } = await this.tickets.create(operatorOf(request), subject);
    const parameters = `${subject === '' ? '' : `${subject}&`}ticket=${ticket}`;
    const secure = request.protocol === 'https';
    return {
      ticket,
      expires_at: instant(expiresAt.getTime()),
      url: `${secure ? 'wss' : 'ws'}://${request.host}/inspector?${parameters}`,
      // After the #, so that the ticket reaches no log.
      stately_url: `${request.protocol}://${request.host}/inspector/stately#${parameters}`,
    };
  }
}
