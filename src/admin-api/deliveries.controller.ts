import { Body, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema, pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { Clock } from '../clock/clock.js';
import { deliveryId, parseDeliveryId, type DeliveryKey } from '../domain/delivery-id.js';
import type { PageId, Psid } from '../domain/ids.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { CursorStore } from '../store/cursor.store.js';
import { deliveryStatuses, DeliveryStore, type DeliveryPage, type DeliveryRecord } from '../store/delivery.store.js';
import { deliveryRequest, deliveryRequestSchema } from './delivery-request.js';
import { deliveryPageSchema, deliverySchema, deliveryView } from './delivery.view.js';
import { decodeCursor, encodeCursor, pagingSchema, pagingShape, type Paging } from './paging.js';
import { ThreadFinder } from './thread-finder.js';

const listSchema = z.strictObject({
  app_id: appIdSchema.optional(),
  page_id: pageIdSchema.optional(),
  status: z.enum(deliveryStatuses).optional(),
  ...pagingShape,
});
const positionSchema = z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.int().nonnegative()]);
const deliveryIdSchema = z.string().max(100).describe("The delivery's id.");

/** As many as a page of the list shows at most. */
const chosenMax = 200;

const replayChosenSchema = z
  .strictObject({ delivery_ids: z.array(deliveryIdSchema).min(1).max(chosenMax) })
  .meta({ id: 'ReplayChosen' });
const replayRangeSchema = z
  .strictObject({
    app_id: appIdSchema,
    from: z.iso.datetime({ offset: true }).optional().describe('Given up at this time or later.'),
    until: z.iso.datetime({ offset: true }).optional().describe('Given up before this time.'),
  })
  .meta({ id: 'ReplayRange' });
const replaySchema = z.union([replayRangeSchema, replayChosenSchema]);
const replayRequestedSchema = z
  .object({ requested: z.int().describe('How many deliveries will be sent again that were not to be already.') })
  .meta({ id: 'ReplayRequested' });

@AdminController('', 'Deliveries')
export class DeliveriesController {
  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly cursors: CursorStore,
    private readonly threads: ThreadFinder,
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
  ) {}

  @Get('deliveries')
  @RequiresRole('viewer')
  @ApiOperation({
    summary: 'What each app was owed and got',
    description:
      'In a stable order in which those of a thread are in order. A page may be short, or empty, before the last one.',
  })
  @ApiOkResponse({ standardSchema: deliveryPageSchema })
  async list(@Query({ schema: listSchema }) query: z.infer<typeof listSchema>) {
    const filter = {
      ...(query.app_id !== undefined && { appId: query.app_id }),
      ...(query.page_id !== undefined && { pageId: query.page_id }),
      ...(query.status !== undefined && { status: query.status }),
    };
    return this.#view(await this.deliveries.list(filter, afterDelivery(query.cursor), query.limit));
  }

  @Get('deliveries/:delivery_id')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'One delivery' })
  @ApiOkResponse({ standardSchema: deliverySchema })
  @ApiProblems('delivery_not_found', 'cursor_expired')
  async get(@Param('delivery_id', { schema: deliveryIdSchema }) id: string) {
    return deliveryView(await this.#get(id), this.configuration.current().incarnation);
  }

  @Get('deliveries/:delivery_id/request')
  @RequiresRole('operator')
  @ApiOperation({ summary: 'What is sent for a delivery, to the byte' })
  @ApiOkResponse({ standardSchema: deliveryRequestSchema })
  @ApiProblems('delivery_not_found', 'cursor_expired', 'text_not_kept', 'unknown_app')
  async request(@Param('delivery_id', { schema: deliveryIdSchema }) id: string) {
    const delivery = await this.#get(id);
    if (delivery.row.payloadRemoved === true && delivery.told.kind === 'event') {
      throw new Problem('text_not_kept', 'The message is older than RETENTION_TEXT_DAYS: its text is gone.');
    }
    const { apps, incarnation } = this.configuration.current();
    const app = apps.get(delivery.told.appId);
    if (app === undefined) throw new Problem('unknown_app', `There is no app ${delivery.told.appId} any more.`);
    return deliveryRequest(delivery, app, incarnation);
  }

  @Get('threads/:page_id/:psid/deliveries')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'What was delivered of a thread, and to whom, oldest first' })
  @ApiOkResponse({ standardSchema: deliveryPageSchema })
  @ApiProblems('page_not_found', 'thread_not_found')
  async listOfThread(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Query({ schema: pagingSchema }) { cursor, limit }: Paging,
  ) {
    const after = afterDelivery(cursor);
    const { thread } = await this.threads.get({ pageId, psid });
    return this.#view(await this.deliveries.listOfThread(thread, after, limit));
  }

  @Post('deliveries/replay')
  @RequiresRole('operator')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({
    summary: 'Send dead letters of an app, or chosen deliveries, again',
    description:
      'In the order of the log, with the same ids and bytes. One of the chosen that cannot be sent refuses all.',
  })
  @ApiAcceptedResponse({ standardSchema: replayRequestedSchema })
  @ApiProblems('unknown_app', 'delivery_not_found', 'cursor_expired', 'text_not_kept')
  async replayMany(@Body({ schema: replaySchema }) body: z.infer<typeof replaySchema>) {
    if ('delivery_ids' in body) return { requested: await this.#replay(await this.#find(body.delivery_ids)) };
    if (!this.configuration.current().apps.has(body.app_id)) {
      throw new Problem('unknown_app', `There is no app ${body.app_id}.`);
    }
    const requested = await this.cursors.requestReplayOfDeadLetters(
      {
        appId: body.app_id,
        ...(body.from !== undefined && { from: Date.parse(body.from) }),
        ...(body.until !== undefined && { until: Date.parse(body.until) }),
      },
      this.clock.now(),
    );
    return { requested };
  }

  @Post('deliveries/:delivery_id/replay')
  @RequiresRole('operator')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Send a delivery again', description: 'With the same id and the same bytes.' })
  @ApiAcceptedResponse({ standardSchema: deliverySchema })
  @ApiProblems('delivery_not_found', 'cursor_expired', 'text_not_kept')
  async replay(@Param('delivery_id', { schema: deliveryIdSchema }) id: string) {
    await this.#replay([await this.#get(id)]);
    return deliveryView(await this.#get(id), this.configuration.current().incarnation);
  }

  /** Answers how many of them were not to be sent again already. */
  async #replay(deliveries: readonly DeliveryRecord[]): Promise<number> {
    if (deliveries.some(({ row, told }) => row.payloadRemoved === true && told.kind === 'event')) {
      throw new Problem('text_not_kept', 'The message is older than RETENTION_TEXT_DAYS: it cannot be sent again.');
    }
    const requests = deliveries.map(({ lane, id, notice, told: { appId } }) => ({ lane, id, notice, appId }));
    return this.cursors.requestReplays(requests, this.clock.now());
  }

  async #get(id: string): Promise<DeliveryRecord> {
    const [delivery] = await this.#find([id]);
    if (delivery === undefined) throw unknownDelivery(id);
    return delivery;
  }

  /** All of them, in the order of the log. */
  async #find(ids: readonly string[]): Promise<DeliveryRecord[]> {
    const { incarnation } = this.configuration.current();
    const keys = ids.map((id) => {
      const parsed = parseDeliveryId(id);
      if (parsed === null) throw unknownDelivery(id);
      if (parsed.incarnation === incarnation) return parsed;
      throw new Problem(
        'cursor_expired',
        'The store was restored from a backup since this id was given: it may now stand for something else.',
      );
    });
    const deliveries = await this.deliveries.find(keys);
    const found = new Set(deliveries.map((delivery) => deliveryId(incarnation, delivery)));
    const missing = ids.find((id) => !found.has(id));
    if (missing !== undefined) throw unknownDelivery(missing);
    return deliveries;
  }

  #view({ deliveries, next }: DeliveryPage) {
    const { incarnation } = this.configuration.current();
    return {
      data: deliveries.map((delivery) => deliveryView(delivery, incarnation)),
      next_cursor: next === null ? null : encodeCursor([next.lane, next.id, next.notice]),
    };
  }
}

function unknownDelivery(id: string): Problem {
  return new Problem('delivery_not_found', `There is no delivery ${id}.`);
}

function afterDelivery(cursor: string | undefined): DeliveryKey | null {
  const position = decodeCursor(cursor, positionSchema);
  return position === null ? null : { lane: position[0], id: position[1], notice: position[2] };
}
