import { Body, Delete, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { roles } from '../domain/role.js';
import { AdminTokenStore, type AdminTokenRecord } from '../store/admin-token.store.js';
import { instant, instantOrNull, instantSchema } from '../views/instant.js';
import { afterKey, pageOf, pageOfSchema, pagingSchema, type Paging } from './paging.js';
import { text } from './text.js';

const createSchema = z
  .strictObject({
    name: text(200).describe('Who or what uses it, for people: it is what the audit trail says.'),
    role: z.enum(roles),
    expires_at: z.iso.datetime({ offset: true }).optional().describe('Left out: it has no end.'),
  })
  .meta({ id: 'CreateToken' });

const tokenSchema = z
  .object({
    token_id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    created_at: instantSchema,
    expires_at: instantSchema.nullable(),
    last_used_at: instantSchema.nullable().describe('To the minute.'),
    revoked_at: instantSchema.nullable(),
  })
  .meta({ id: 'AdminToken' });
const tokenPageSchema = pageOfSchema(tokenSchema);
const createdSchema = tokenSchema
  .extend({ token: z.string().describe('Shown in this answer only.') })
  .meta({ id: 'CreatedAdminToken' });

const tokenIdSchema = z.string().max(100).describe("The token's id, which is no secret.");

@AdminController('tokens', 'Access')
export class TokensController {
  constructor(private readonly tokens: AdminTokenStore) {}

  @Get()
  @RequiresRole('admin')
  @ApiOperation({ summary: 'The tokens of this API, by id', description: "All but the installation's own." })
  @ApiOkResponse({ standardSchema: tokenPageSchema })
  async list(@Query({ schema: pagingSchema }) { cursor, limit }: Paging) {
    const tokens = await this.tokens.list(afterKey(cursor), limit + 1);
    return pageOf(tokens, limit, tokenView, ({ tokenId }) => [tokenId]);
  }

  @Post()
  @RequiresRole('admin')
  @ApiOperation({ summary: 'A new token with a role' })
  @ApiCreatedResponse({ standardSchema: createdSchema })
  async create(@Body({ schema: createSchema }) body: z.infer<typeof createSchema>) {
    const expiresAt = body.expires_at === undefined ? null : new Date(body.expires_at);
    const { token, ...record } = await this.tokens.create(body.name, body.role, expiresAt);
    return { ...tokenView(record), token };
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

function tokenView(token: AdminTokenRecord): z.infer<typeof tokenSchema> {
  return {
    token_id: token.tokenId,
    name: token.name,
    role: token.role,
    created_at: instant(token.createdAt.getTime()),
    expires_at: instantOrNull(token.expiresAt?.getTime() ?? null),
    last_used_at: instantOrNull(token.lastUsedAt?.getTime() ?? null),
    revoked_at: instantOrNull(token.revokedAt?.getTime() ?? null),
  };
}
