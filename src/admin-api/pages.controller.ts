import { Body, Delete, Get, HttpCode, HttpStatus, Param, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { pageIdSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import type { PageId } from '../domain/ids.js';
import { ConfigStore } from '../store/config.store.js';
import { pagePageSchema, pageSchema, pageView, putPageSchema, type PutPage } from './page.view.js';
import { afterKey, pageOf, pagingSchema, type Paging } from './paging.js';

@AdminController('pages', 'Pages')
export class PagesController {
  constructor(private readonly store: ConfigStore) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Every page, by id' })
  @ApiOkResponse({ standardSchema: pagePageSchema })
  async list(@Query({ schema: pagingSchema }) { cursor, limit }: Paging) {
    const pages = await this.store.listPages(afterKey(cursor), limit + 1);
    return pageOf(pages, limit, pageView, ({ pageId }) => [pageId]);
  }

  @Get(':page_id')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'One page' })
  @ApiOkResponse({ standardSchema: pageSchema })
  @ApiProblems('page_not_found')
  async get(@Param('page_id', { schema: pageIdSchema }) pageId: PageId) {
    const page = await this.store.findPage(pageId);
    if (page === null) throw new Problem('page_not_found', `There is no page ${pageId}.`);
    return pageView(page);
  }

  @Put(':page_id')
  @RequiresRole('admin')
  @ApiOperation({ summary: 'Create or replace a page' })
  @ApiOkResponse({ standardSchema: pageSchema, description: 'Replaced' })
  @ApiCreatedResponse({ standardSchema: pageSchema, description: 'Created' })
  @ApiProblems('id_taken', 'app_not_connected', 'unknown_app')
  async put(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Body({ schema: putPageSchema }) body: PutPage,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { instagram } = body;
    const { page, created } = await this.store.putPage(pageId, {
      name: body.name,
      messenger: { defaultAppId: body.default_app_id, socialAppId: body.social_app_id },
      instagram:
        instagram === null
          ? null
          : { id: instagram.id, defaultAppId: instagram.default_app_id, socialAppId: instagram.social_app_id },
      outsideReplies: body.outside_replies,
      ...(body.meta !== undefined && { metaAccessToken: body.meta === null ? null : body.meta.page_access_token }),
    });
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK);
    return pageView(page);
  }

  @Delete(':page_id')
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Delete a page',
    description: 'Its connections, tokens and routes go with it; the log stays.',
  })
  @ApiNoContentResponse()
  @ApiProblems('page_not_found')
  async delete(@Param('page_id', { schema: pageIdSchema }) pageId: PageId): Promise<void> {
    await this.store.deletePage(pageId);
  }
}
