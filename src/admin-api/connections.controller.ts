import { Body, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema, pageIdSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { Clock } from '../clock/clock.js';
import type { AppId, PageId } from '../domain/ids.js';
import { ConfigStore, tokenGraceMs } from '../store/config.store.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import type { ConnectionEntity } from '../store/connection.entity.js';
import { instant } from '../views/instant.js';
import {
  connectionPageSchema,
  connectionSchema,
  connectionView,
  putConnectionAnswerSchema,
  putConnectionSchema,
  tokenSchema,
  type PutConnection,
} from './connection.view.js';
import { afterKey, pageOf, pagingSchema, type Paging } from './paging.js';

@AdminController('pages/:page_id/apps', 'Pages')
export class ConnectionsController {
  constructor(
    private readonly store: ConfigStore,
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'The apps connected to a page, by id' })
  @ApiOkResponse({ standardSchema: connectionPageSchema })
  @ApiProblems('page_not_found')
  async list(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Query({ schema: pagingSchema }) { cursor, limit }: Paging,
  ) {
    const connections = await this.store.listConnections(pageId, afterKey(cursor), limit + 1);
    if (connections.length === 0 && (await this.store.findPage(pageId)) === null) {
      throw new Problem('page_not_found', `There is no page ${pageId}.`);
    }
    return pageOf(
      connections,
      limit,
      (connection) => this.#view(connection),
      ({ appId }) => [appId],
    );
  }

  @Get(':app_id')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'How an app is connected to a page' })
  @ApiOkResponse({ standardSchema: connectionSchema })
  @ApiProblems('connection_not_found')
  async get(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('app_id', { schema: appIdSchema }) appId: AppId,
  ) {
    const connection = await this.store.findConnection(pageId, appId);
    if (connection === null) {
      throw new Problem('connection_not_found', `App ${appId} is not connected to page ${pageId}.`);
    }
    return this.#view(connection);
  }

  @Put(':app_id')
  @RequiresRole('admin')
  @ApiOperation({ summary: 'Connect an app to a page, or replace what it may hear and do there' })
  @ApiOkResponse({ standardSchema: putConnectionAnswerSchema, description: 'Replaced' })
  @ApiCreatedResponse({ standardSchema: putConnectionAnswerSchema, description: 'Connected' })
  @ApiProblems('page_not_found', 'app_not_found')
  async put(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('app_id', { schema: appIdSchema }) appId: AppId,
    @Body({ schema: putConnectionSchema }) body: PutConnection,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { standby } = body;
    const { connection, token } = await this.store.putConnection(
      pageId,
      appId,
      {
        canTakeControl: body.can_take_control,
        ...(body.subscribed_fields !== undefined && { subscribedFields: body.subscribed_fields }),
        ...(standby !== undefined && {
          standby: {
            ...(standby.messenger !== undefined && { messenger: standby.messenger }),
            ...(standby.instagram !== undefined && { instagram: standby.instagram }),
          },
        }),
      },
      this.clock.now(),
    );
    void reply.status(token === null ? HttpStatus.OK : HttpStatus.CREATED);
    return { ...this.#view(connection), ...(token !== null && { page_access_token: token }) };
  }

  @Delete(':app_id')
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Disconnect an app',
    description:
      'Its tokens end at once, it is no longer a default or social app of the page, and threads it owns are released.',
  })
  @ApiNoContentResponse()
  @ApiProblems('connection_not_found')
  async delete(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('app_id', { schema: appIdSchema }) appId: AppId,
  ): Promise<void> {
    await this.store.deleteConnection(pageId, appId);
  }

  @Post(':app_id/token')
  @RequiresRole('admin')
  @ApiOperation({ summary: 'A new page access token', description: 'The old ones still work for a day.' })
  @ApiCreatedResponse({ standardSchema: tokenSchema })
  @ApiProblems('connection_not_found')
  async issueToken(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('app_id', { schema: appIdSchema }) appId: AppId,
  ) {
    const now = this.clock.now();
    return {
      page_access_token: await this.store.issueToken(pageId, appId, now),
      previous_expires_at: instant(now + tokenGraceMs),
    };
  }

  #view(connection: ConnectionEntity) {
    const app = this.configuration.current().apps.get(connection.appId);
    return connectionView(connection, app?.subscribedFields ?? { messenger: null, instagram: null });
  }
}
