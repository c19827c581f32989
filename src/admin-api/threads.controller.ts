import { Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema, pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { VisibleText } from '../admin-auth/visible-text.decorator.js';
import { Clock } from '../clock/clock.js';
import { pageId, psid, type PageId, type Psid } from '../domain/ids.js';
import type { MessageText } from '../domain/role.js';
import { threadStates, type Thread } from '../domain/thread/thread.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { LiveStore } from '../store/live.store.js';
import { LogStore } from '../store/log.store.js';
import { threadSchema, threadView, type ThreadView } from '../views/thread.view.js';
import { decodeCursor, encodeCursor, pageOf, pageOfSchema, pagingSchema, pagingShape, type Paging } from './paging.js';
import { threadEventSchema, threadEventView } from './thread-event.view.js';
import { ThreadFinder } from './thread-finder.js';

const listSchema = z.strictObject({
  page_id: pageIdSchema.optional(),
  state: z.enum(threadStates).optional(),
  owner_app_id: appIdSchema.optional().describe('The recorded owner.'),
  ...pagingShape,
});
const threadAnswerSchema = threadSchema.meta({ id: 'Thread' });
const threadPageSchema = pageOfSchema(threadAnswerSchema);
const eventPageSchema = pageOfSchema(threadEventSchema);

const threadPositionSchema = z.tuple([z.string(), z.string()]);
const eventPositionSchema = z.tuple([z.int().nonnegative()]);

@AdminController('threads', 'Threads')
export class ThreadsController {
  constructor(
    private readonly threads: ThreadFinder,
    private readonly log: LogStore,
    private readonly live: LiveStore,
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({
    summary: 'Threads, in a stable order',
    description: 'A page of the list may be short, or empty, before the last one.',
  })
  @ApiOkResponse({ standardSchema: threadPageSchema })
  async list(@Query({ schema: listSchema }) query: z.infer<typeof listSchema>) {
    const after = decodeCursor(query.cursor, threadPositionSchema);
    const read = await this.log.listThreads(
      {
        ...(query.page_id !== undefined && { pageId: query.page_id }),
        ...(query.state !== undefined && { state: query.state }),
        ...(query.owner_app_id !== undefined && { ownerAppId: query.owner_app_id }),
      },
      after === null ? null : { pageId: pageId(after[0]), psid: psid(after[1]) },
      query.limit + 1,
    );
    const threads = read.slice(0, query.limit);
    const last = threads.at(-1);
    return {
      data: threads.flatMap((thread) => this.#view(thread)).filter((view) => matches(view, query)),
      next_cursor: read.length > query.limit && last !== undefined ? encodeCursor([last.pageId, last.psid]) : null,
    };
  }

  @Get(':page_id/:psid')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'A thread as it stands now' })
  @ApiOkResponse({ standardSchema: threadAnswerSchema })
  @ApiProblems('page_not_found', 'thread_not_found')
  async get(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
  ) {
    const { page, thread } = await this.threads.get({ pageId, psid });
    return threadView(thread, page, this.clock.now());
  }

  @Get(':page_id/:psid/events')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Everything that happened in a thread, oldest first' })
  @ApiOkResponse({ standardSchema: eventPageSchema })
  @ApiProblems('page_not_found', 'thread_not_found')
  async listEvents(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @Query({ schema: pagingSchema }) { cursor, limit }: Paging,
    @VisibleText() text: MessageText,
  ) {
    const afterId = decodeCursor(cursor, eventPositionSchema)?.[0] ?? 0;
    const { thread } = await this.threads.get({ pageId, psid });
    const rows = await this.live.rowsOfThread(thread, afterId, limit + 1);
    return pageOf(
      rows,
      limit,
      (followed) => threadEventView(followed, text, (appId) => this.threads.shortNameOf(appId)),
      ({ row }) => [row.id],
    );
  }

  /** Nothing for a thread of a page that is gone. */
  #view(thread: Thread): ThreadView[] {
    const page = this.configuration.current().pages.get(thread.pageId);
    return page === undefined ? [] : [threadView(thread, page, this.clock.now())];
  }
}

/** What is overdue may have moved a thread out of what was asked for. */
function matches(view: ThreadView, query: z.infer<typeof listSchema>): boolean {
  return (
    (query.state === undefined || view.state === query.state) &&
    (query.owner_app_id === undefined || view.owner_app_id === query.owner_app_id)
  );
}
