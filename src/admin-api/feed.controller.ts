import { setTimeout as delay } from 'node:timers/promises';
import { Get, Headers, Logger, Query, Req, Res, type OnModuleDestroy } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { Authenticator } from '../admin-auth/authenticator.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { laneCount } from '../domain/ids.js';
import { channels } from '../domain/page.js';
import { threadStates } from '../domain/thread/thread.js';
import { CommittedRows } from '../store/committed-rows.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { FeedStore, type OwnershipChange } from '../store/feed.store.js';
import { instant, instantSchema } from '../views/instant.js';
import { logEntryId } from '../views/log.view.js';
import { entryPointSchema, entryPointView } from '../views/thread.view.js';
import { EventStream } from './event-stream.js';
import { decodeFeedCursor, encodeFeedCursor } from './feed-cursor.js';

/** How often a stream looks for what other instances have committed. */
const pollMs = 1_000;
const streamPageSize = 500;

const feedQuerySchema = z.strictObject({
  after: z
    .string()
    .max(4_000)
    .optional()
    .describe(
      'The cursor of the page or event before; `now`: only what happens from now on; absent: from the beginning.',
    ),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe('Changes in a page at most; a stream has no end.'),
});

const changeSchema = z
  .object({
    id: z.string().describe('The log entry.'),
    page_id: z.string(),
    psid: z.string(),
    channel: z.enum(channels),
    at: instantSchema,
    type: z.string().describe('The event that changed it.'),
    state_before: z.enum(threadStates),
    state: z.enum(threadStates),
    owner_app_id_before: z.string().nullable(),
    owner_app_id: z.string().nullable(),
    entry_point: entryPointSchema.nullable(),
    version: z.int(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'OwnershipChange' });

const feedSchema = z
  .object({
    data: z.array(changeSchema),
    next_cursor: z.string().describe('Where to go on, also when there is nothing more yet.'),
    has_more: z.boolean(),
  })
  .meta({ id: 'Feed' });

@AdminController('feed', 'Feed')
export class FeedController implements OnModuleDestroy {
  readonly #logger = new Logger('feed');
  readonly #closing = new AbortController();

  constructor(
    private readonly feed: FeedStore,
    private readonly configuration: ConfigurationCache,
    private readonly committedRows: CommittedRows,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({
    summary: 'Every change of ownership, in order per thread',
    description:
      'As a page, or with `Accept: text/event-stream` as server-sent events (`event: ownership`, the change as data, the ' +
      'cursor as id), which go on until the connection is closed. A cursor holds a position for each lane of the log, so ' +
      'it never skips a change. Changes of different threads are in no particular order.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'As `after`; sent by clients that reconnect.' })
  @ApiOkResponse({ standardSchema: feedSchema })
  @ApiProblems('cursor_expired')
  async read(
    @Query({ schema: feedQuerySchema }) query: z.infer<typeof feedQuerySchema>,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const positions = await this.#positions(lastEventId ?? query.after);
    if (accept?.includes('text/event-stream') === true) {
      const stream = new EventStream(request, reply, this.authenticator, this.#closing.signal);
      await this.#stream(positions, stream, request.id);
      return;
    }
    const page = await this.feed.changesAfter(positions, query.limit);
    const answer: z.infer<typeof feedSchema> = {
      data: page.changes.map(changeView),
      next_cursor: this.#cursor(page.positions),
      has_more: page.changes.length === query.limit,
    };
    await reply.send(answer);
  }

  /** Ends the streams: a server with open connections never stops. */
  onModuleDestroy(): void {
    this.#closing.abort();
  }

  async #positions(after: string | undefined): Promise<readonly number[]> {
    if (after === undefined) return Array.from({ length: laneCount }, () => 0);
    if (after === 'now') return this.feed.lastIds();
    const cursor = decodeFeedCursor(after);
    if (cursor === null) {
      const message = 'this is not a cursor of the feed';
      throw new Problem('invalid_request', `after: ${message}`, { errors: [{ path: 'after', message }] });
    }
    if (cursor.incarnation !== this.configuration.current().incarnation) {
      throw new Problem(
        'cursor_expired',
        'The store was restored from a backup since: read everything anew, without a cursor.',
      );
    }
    return cursor.positions;
  }

  #cursor(positions: readonly number[]): string {
    return encodeFeedCursor({ incarnation: this.configuration.current().incarnation, positions });
  }

  async #stream(from: readonly number[], stream: EventStream, traceId: string): Promise<void> {
    // A committed row wakes the stream early; what other instances commit is found by polling.
    let nudge = () => {};
    const unsubscribe = this.committedRows.subscribe(() => nudge());
    try {
      let positions = [...from];
      while (!stream.signal.aborted) {
        let awake = false;
        const woken = new Promise<void>((resolve) => {
          nudge = () => {
            awake = true;
            resolve();
          };
        });
        const page = await this.feed.changesAfter(positions, streamPageSize);
        for (const change of page.changes) {
          positions[change.row.lane] = change.row.id;
          stream.send('ownership', this.#cursor(positions), JSON.stringify(changeView(change)));
          await stream.drained();
        }
        positions = [...page.positions];
        if (page.changes.length < streamPageSize && !awake)
          await Promise.race([woken, delay(pollMs, null, { signal: stream.signal })]);
      }
    } catch (error) {
      // The client reconnects with the last id it got.
      if (!stream.signal.aborted) this.#logger.error({ err: error, traceId }, 'a stream of the feed broke off');
    } finally {
      unsubscribe();
      stream.end();
    }
  }
}

function changeView({ row, before }: OwnershipChange): z.infer<typeof changeSchema> {
  return {
    id: logEntryId(row),
    page_id: row.pageId,
    psid: row.psid,
    channel: row.thread.channel,
    at: instant(row.at),
    type: row.type,
    state_before: before?.state ?? 'released',
    state: row.thread.state,
    owner_app_id_before: before?.ownerAppId ?? null,
    owner_app_id: row.thread.ownerAppId,
    entry_point: entryPointView(row.thread.entryPoint),
    version: row.thread.version,
    reason: row.cause.reason ?? null,
  };
}
