import { Get, Headers, Logger, Query, Req, Res, type OnModuleDestroy } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { Authenticator } from '../admin-auth/authenticator.js';
import { pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { VisibleText } from '../admin-auth/visible-text.decorator.js';
import { Clock } from '../clock/clock.js';
import type { MessageText } from '../domain/role.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { LiveStore } from '../store/live.store.js';
import { EventStream } from './event-stream.js';
import { decodeFeedCursor, encodeFeedCursor } from './feed-cursor.js';
import { ThreadDescriber } from './thread-describer.js';
import { ThreadFinder } from './thread-finder.js';
import { epochAt, LiveHub, positionCount } from '../live/live-hub.js';
import { LiveItem } from '../live/live-item.js';
import { liveView } from './live.view.js';

const liveQuerySchema = z
  .strictObject({
    page_id: pageIdSchema.optional().describe('Only what is about this page; clock and configuration always.'),
    psid: psidSchema.optional().describe('Only what is about this person of the page.'),
    after: z.string().max(4_000).optional().describe('The id of the last event that was read; absent: from now on.'),
  })
  .refine(({ page_id, psid }) => psid === undefined || page_id !== undefined, {
    path: ['psid'],
    message: 'name the page_id as well',
  });
type LiveQuery = z.infer<typeof liveQuerySchema>;

const catchUpRows = 500;
/** Events kept for a stream that is still catching up; more than that and it starts over from its last id. */
const waitingMax = 20_000;

@AdminController('live', 'Live')
export class LiveController implements OnModuleDestroy {
  readonly #logger = new Logger('live');
  readonly #closing = new AbortController();

  constructor(
    private readonly hub: LiveHub,
    private readonly store: LiveStore,
    private readonly configuration: ConfigurationCache,
    private readonly threads: ThreadFinder,
    private readonly describer: ThreadDescriber,
    private readonly authenticator: Authenticator,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({
    summary: 'What happens, as it happens',
    description:
      'Server-sent events. `log`: a row of the log as in the events of a thread, with its `thread` as it stands then. ' +
      '`delivery`: a try of a delivery has ended; seldom one comes twice. `configuration` and `clock`: they were changed. ' +
      'Each `id` is a cursor: with `Last-Event-ID` or `after` the stream goes on from there without gaps. The first event ' +
      'is `connected`, which holds nothing but the cursor. A reader that is too slow loses the connection.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'As `after`; sent by clients that reconnect.' })
  @ApiOkResponse({ description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @ApiProblems('cursor_expired')
  async read(
    @Query({ schema: liveQuerySchema }) query: LiveQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @VisibleText() text: MessageText,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const from = this.#positions(lastEventId ?? query.after);
    let waiting: LiveItem[] | null = [];
    let stream: EventStream | null = null;
    const say = (item: LiveItem) => {
      if (stream === null || !item.concerns(query.page_id, query.psid)) return;
      stream.send(item.happening.type, item.made('cursor', cursorOf), item.made(text, dataOf));
    };
    const cursorOf = ({ positions }: LiveItem) => this.#cursor(positions);
    const dataOf = ({ happening }: LiveItem) => JSON.stringify(this.#view(happening, text));
    const { positions, leave } = await this.hub.join((item) => {
      if (waiting === null) say(item);
      else if (waiting.push(item) > waitingMax) stream?.end();
    });
    try {
      stream = new EventStream(request, reply, this.authenticator, this.#closing.signal);
      stream.signal.addEventListener('abort', leave, { once: true });
      stream.send('connected', this.#cursor(from ?? positions), '{}');
      if (from !== null) await this.#catchUp(stream, query, from, positions, say);
      waiting.forEach(say);
      waiting = null;
    } catch (error) {
      leave();
      if (stream?.signal.aborted === true) return;
      if (stream === null) throw error;
      // The client reconnects with the last id it got.
      this.#logger.error({ err: error, traceId: request.id }, 'a live stream broke off');
      stream.end();
    }
  }

  /** Ends the streams: a server with open connections never stops. */
  onModuleDestroy(): void {
    this.#closing.abort();
  }

  /** What happened between two positions, as far as it concerns the reader. */
  async #catchUp(
    stream: EventStream,
    { page_id: pageId, psid }: LiveQuery,
    from: readonly number[],
    to: readonly number[],
    say: (item: LiveItem) => void,
  ): Promise<void> {
    const at = [...from];
    const lanes = to.slice(0, epochAt - 1);
    for (let full = true; full && !stream.signal.aborted;) {
      const rows = await this.store.rowsAfter(at, lanes, { pageId, psid }, catchUpRows);
      for (const followed of rows) {
        at[followed.row.lane] = followed.row.id;
        say(new LiveItem({ type: 'log', followed }, [...at]));
      }
      await stream.drained();
      full = rows.length === catchUpRows;
    }
    lanes.forEach((id, lane) => (at[lane] = Math.max(at[lane] ?? 0, id)));
    for (let first = from[epochAt - 1] ?? 0; ;) {
      const { attempts, next } = await this.store.attemptsFrom(first);
      for (const attempt of attempts) say(new LiveItem({ type: 'delivery', attempt }, [...at]));
      await stream.drained();
      if (next <= first || next >= (to[epochAt - 1] ?? 0)) break;
      first = next;
    }
    if ((from[epochAt] ?? 0) < (to[epochAt] ?? 0)) {
      say(new LiveItem({ type: 'configuration' }, to));
      say(new LiveItem({ type: 'clock' }, to));
    }
  }

  #view(happening: LiveItem['happening'], text: MessageText): object {
    return liveView(happening, text, {
      configuration: this.configuration.current(),
      describer: this.describer,
      now: this.clock.now(),
      nameOf: (appId) => this.threads.shortNameOf(appId),
    });
  }

  /** Null: from now on. */
  #positions(after: string | undefined): readonly number[] | null {
    if (after === undefined) return null;
    const cursor = decodeFeedCursor(after, positionCount);
    if (cursor === null) {
      const message = 'this is not the id of an event of this stream';
      throw new Problem('invalid_request', `after: ${message}`, { errors: [{ path: 'after', message }] });
    }
    if (cursor.incarnation !== this.configuration.current().incarnation) {
      throw new Problem('cursor_expired', 'The store was restored from a backup since: begin anew, without a cursor.');
    }
    return cursor.positions;
  }

  #cursor(positions: readonly number[]): string {
    return encodeFeedCursor({ incarnation: this.configuration.current().incarnation, positions });
  }
}
