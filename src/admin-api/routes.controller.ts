import { Body, Delete, Get, HttpCode, HttpStatus, Param, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { pageIdSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import type { PageId } from '../domain/ids.js';
import { toWireJson } from '../domain/wire-json.js';
import { ConfigStore } from '../store/config.store.js';
import type { RouteEntity, RouteKind } from '../store/route.entity.js';
import { afterKey, pageOf, pagingSchema, type Paging } from './paging.js';
import {
  adIdSchema,
  adRoutePageSchema,
  adRouteSchema,
  adRouteView,
  linkRefSchema,
  linkRoutePageSchema,
  linkRouteSchema,
  linkRouteView,
  putAdRouteSchema,
  putLinkRouteSchema,
  type PutAdRoute,
  type PutLinkRoute,
} from './route.view.js';

@AdminController('pages/:page_id/routes', 'Routes')
export class RoutesController {
  constructor(private readonly store: ConfigStore) {}

  @Get('ads')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'The ads that route to an app, by id' })
  @ApiOkResponse({ standardSchema: adRoutePageSchema })
  @ApiProblems('page_not_found')
  async listAds(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Query({ schema: pagingSchema }) { cursor, limit }: Paging,
  ) {
    const routes = await this.#list(pageId, 'ad', afterKey(cursor), limit);
    return pageOf(routes, limit, adRouteView, ({ key }) => [key]);
  }

  @Get('ads/:ad_id')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Where an ad routes to' })
  @ApiOkResponse({ standardSchema: adRouteSchema })
  @ApiProblems('route_not_found')
  async getAd(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('ad_id', { schema: adIdSchema }) adId: string,
  ) {
    return adRouteView(await this.#get(pageId, 'ad', adId));
  }

  @Put('ads/:ad_id')
  @RequiresRole('admin')
  @ApiOperation({ summary: 'Route an ad to an app' })
  @ApiOkResponse({ standardSchema: adRouteSchema, description: 'Replaced' })
  @ApiCreatedResponse({ standardSchema: adRouteSchema, description: 'Created' })
  @ApiProblems('page_not_found', 'unknown_app')
  async putAd(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('ad_id', { schema: adIdSchema }) adId: string,
    @Body({ schema: putAdRouteSchema }) body: PutAdRoute,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { route, created } = await this.store.putRoute(pageId, 'ad', adId, {
      appId: body.receiving_app_id,
      ...(body.ref !== undefined && { ref: body.ref }),
      ...(body.title !== undefined && { title: body.title }),
      ...(body.template !== undefined && { template: toWireJson(body.template) }),
    });
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK);
    return adRouteView(route);
  }

  @Delete('ads/:ad_id')
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'No longer route an ad' })
  @ApiNoContentResponse()
  @ApiProblems('route_not_found')
  async deleteAd(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('ad_id', { schema: adIdSchema }) adId: string,
  ): Promise<void> {
    await this.store.deleteRoute(pageId, 'ad', adId);
  }

  @Get('links')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'The links that route to an app, by ref' })
  @ApiOkResponse({ standardSchema: linkRoutePageSchema })
  @ApiProblems('page_not_found')
  async listLinks(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Query({ schema: pagingSchema }) { cursor, limit }: Paging,
  ) {
    const routes = await this.#list(pageId, 'link', afterKey(cursor), limit);
    return pageOf(routes, limit, linkRouteView, ({ key }) => [key]);
  }

  @Get('links/:ref')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Where a link routes to' })
  @ApiOkResponse({ standardSchema: linkRouteSchema })
  @ApiProblems('route_not_found')
  async getLink(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('ref', { schema: linkRefSchema }) ref: string,
  ) {
    return linkRouteView(await this.#get(pageId, 'link', ref));
  }

  @Put('links/:ref')
  @RequiresRole('admin')
  @ApiOperation({ summary: 'Route an m.me or ig.me link to an app' })
  @ApiOkResponse({ standardSchema: linkRouteSchema, description: 'Replaced' })
  @ApiCreatedResponse({ standardSchema: linkRouteSchema, description: 'Created' })
  @ApiProblems('page_not_found', 'unknown_app')
  async putLink(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('ref', { schema: linkRefSchema }) ref: string,
    @Body({ schema: putLinkRouteSchema }) body: PutLinkRoute,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { route, created } = await this.store.putRoute(pageId, 'link', ref, { appId: body.app_id });
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK);
    return linkRouteView(route);
  }

  @Delete('links/:ref')
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'No longer route a link' })
  @ApiNoContentResponse()
  @ApiProblems('route_not_found')
  async deleteLink(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('ref', { schema: linkRefSchema }) ref: string,
  ): Promise<void> {
    await this.store.deleteRoute(pageId, 'link', ref);
  }

  async #list(pageId: PageId, kind: RouteKind, after: string, limit: number): Promise<RouteEntity[]> {
    const routes = await this.store.listRoutes(pageId, kind, after, limit + 1);
    if (routes.length === 0 && (await this.store.findPage(pageId)) === null) {
      throw new Problem('page_not_found', `There is no page ${pageId}.`);
    }
    return routes;
  }

  async #get(pageId: PageId, kind: RouteKind, key: string): Promise<RouteEntity> {
    const route = await this.store.findRoute(pageId, kind, key);
    if (route === null) throw new Problem('route_not_found', `Page ${pageId} has no route for the ${kind} "${key}".`);
    return route;
  }
}
