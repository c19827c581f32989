import { Body, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { CallbackVerifier } from '../callback/callback-verifier.js';
import { Clock } from '../clock/clock.js';
import type { AppId } from '../domain/ids.js';
import { newAppSecret } from '../store/access-token.js';
import type { AppEntity } from '../store/app.entity.js';
import { ConfigStore } from '../store/config.store.js';
import {
  appPageSchema,
  appSchema,
  appView,
  pauseSchema,
  putAppAnswerSchema,
  putAppSchema,
  type PutApp,
  type PutAppAnswer,
} from './app.view.js';
import { afterKey, pageOf, pagingSchema, type Paging } from './paging.js';

/** How long an app may still use the secret it had: time enough to roll the new one out. */
const previousSecretHours = 24;

@AdminController('apps', 'Apps')
export class AppsController {
  constructor(
    private readonly store: ConfigStore,
    private readonly callbacks: CallbackVerifier,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Every app, by id' })
  @ApiOkResponse({ standardSchema: appPageSchema })
  async list(@Query({ schema: pagingSchema }) { cursor, limit }: Paging) {
    const apps = await this.store.listApps(afterKey(cursor), limit + 1);
    return pageOf(apps, limit, appView, ({ appId }) => [appId]);
  }

  @Get(':app_id')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'One app' })
  @ApiOkResponse({ standardSchema: appSchema })
  @ApiProblems('app_not_found')
  async get(@Param('app_id', { schema: appIdSchema }) appId: AppId) {
    const app = await this.store.findApp(appId);
    if (app === null) throw new Problem('app_not_found', `There is no app ${appId}.`);
    return appView(app);
  }

  @Put(':app_id')
  @RequiresRole('admin')
  @ApiOperation({ summary: 'Create or replace an app' })
  @ApiOkResponse({ standardSchema: putAppAnswerSchema, description: 'Replaced' })
  @ApiCreatedResponse({ standardSchema: putAppAnswerSchema, description: 'Created' })
  @ApiProblems('callback_not_verified')
  async put(
    @Param('app_id', { schema: appIdSchema }) appId: AppId,
    @Body({ schema: putAppSchema }) body: PutApp,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PutAppAnswer> {
    const known = await this.store.findApp(appId);
    const verifyToken = body.verify_token ?? known?.verifyToken ?? newAppSecret();
    await this.#verify(body.callback_url, verifyToken, known);
    const appSecret = body.app_secret ?? known?.appSecret ?? newAppSecret();
    const changesSecret = known !== null && appSecret !== known.appSecret;
    const hours = body.previous_secret_hours ?? (changesSecret ? previousSecretHours : undefined);
    const { app, created } = await this.store.putApp(appId, {
      name: body.name,
      kind: body.kind,
      callbackUrl: body.callback_url,
      verifyToken,
      appSecret,
      ...(hours !== undefined && { previousSecretUntil: new Date(this.clock.now() + hours * 3_600_000) }),
      ...(body.appsecret_proof_required !== undefined && { appsecretProofRequired: body.appsecret_proof_required }),
      batchSizeMax: body.batch_size_max,
    });
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK);
    return {
      ...appView(app),
      ...(body.app_secret === undefined && known === null && { app_secret: appSecret }),
      ...(body.verify_token === undefined && (known?.verifyToken ?? null) === null && { verify_token: verifyToken }),
    };
  }

  @Delete(':app_id')
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Delete an app',
    description: 'Its connections, tokens and routes go with it; threads it owns are released.',
  })
  @ApiNoContentResponse()
  @ApiProblems('app_not_found')
  async delete(@Param('app_id', { schema: appIdSchema }) appId: AppId): Promise<void> {
    await this.store.deleteApp(appId);
  }

  @Post(':app_id/pause')
  @RequiresRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: "Hold an app's deliveries",
    description: 'They are owed and come in order once it is resumed.',
  })
  @ApiOkResponse({ standardSchema: appSchema })
  @ApiProblems('app_not_found')
  async pause(
    @Param('app_id', { schema: appIdSchema }) appId: AppId,
    @Body({ schema: pauseSchema }) body: z.infer<typeof pauseSchema>,
  ) {
    return appView(await this.store.pauseApp(appId, this.clock.now(), body?.reason ?? null));
  }

  @Post(':app_id/resume')
  @RequiresRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: "Resume an app's deliveries" })
  @ApiOkResponse({ standardSchema: appSchema })
  @ApiProblems('app_not_found')
  async resume(@Param('app_id', { schema: appIdSchema }) appId: AppId) {
    return appView(await this.store.resumeApp(appId));
  }

  /** Asks a new callback, or one that is to know another token, whether it is the app's. */
  async #verify(callbackUrl: string | null, verifyToken: string, known: AppEntity | null): Promise<void> {
    if (callbackUrl === null) return;
    if (known?.callbackUrl === callbackUrl && known.verifyToken === verifyToken) return;
    const verification = await this.callbacks.verify(callbackUrl, verifyToken);
    if (verification.ok) return;
    throw new Problem('callback_not_verified', `${callbackUrl} cannot become a callback: ${verification.reason}.`, {
      errors: [{ path: 'callback_url', message: verification.reason }],
      ...(verification.status !== undefined && { callback_status: verification.status }),
    });
  }
}
