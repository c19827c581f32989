import { Body, Delete, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { AdminTokenStore } from '../store/admin-token.store.js';
import {
  adminTokenPageSchema,
  adminTokenView,
  createAdminTokenSchema,
  createdAdminTokenSchema,
} from './admin-token.view.js';
import { afterKey, pageOf, pagingSchema, type Paging } from './paging.js';

const tokenIdSchema = z.string().max(100).describe("The token's id, which is no secret.");

@AdminController('tokens', 'Access')
export class TokensController {
  constructor(private readonly tokens: AdminTokenStore) {}

  @Get()
  @RequiresRole('admin')
  @ApiOperation({ summary: 'The tokens of this API, by id', description: "All but the installation's own." })
  @ApiOkResponse({ standardSchema: adminTokenPageSchema })
  async list(@Query({ schema: pagingSchema }) { cursor, limit }: Paging) {
    const tokens = await this.tokens.list(afterKey(cursor), limit + 1);
    return pageOf(tokens, limit, adminTokenView, ({ tokenId }) => [tokenId]);
  }

  @Post()
  @RequiresRole('admin')
  @ApiOperation({ summary: 'A new token with a role' })
  @ApiCreatedResponse({ standardSchema: createdAdminTokenSchema })
  async create(@Body({ schema: createAdminTokenSchema }) body: z.infer<typeof createAdminTokenSchema>) {
    const expiresAt = body.expires_at === undefined ? null : new Date(body.expires_at);
    const { token, ...record } = await this.tokens.create(body.name, body.role, expiresAt);
    return { ...adminTokenView(record), token };
  }

  @Delete(':token_id')
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Revoke a token',
    description: 'It ends at once, and with it every session opened with it.',
  })
  @ApiNoContentResponse()
  @ApiProblems('token_not_found')
  async revoke(@Param('token_id', { schema: tokenIdSchema }) tokenId: string): Promise<void> {
    if (!(await this.tokens.revoke(tokenId))) throw new Problem('token_not_found', `There is no token ${tokenId}.`);
  }
}
