import { Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { appIdSchema, pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { VisibleText } from '../admin-auth/visible-text.decorator.js';
import { pageId, psid, type PageId, type Psid } from '../domain/ids.js';
import { channels } from '../domain/page.js';
import type { MessageText } from '../domain/role.js';
import { entryPointTypes, threadStates } from '../domain/thread/thread.js';
import { LiveStore } from '../store/live.store.js';
import { positionOf, threadOrders, ThreadStore, type ThreadFilter } from '../store/thread.store.js';
import { decodeCursor, encodeCursor, pageOf, pageOfSchema, pagingSchema, pagingShape, type Paging } from './paging.js';
import { threadEventSchema, threadEventView } from './thread-event.view.js';
import { ThreadDescriber, type DescribedThread } from './thread-describer.js';
import { describedThreadSchema } from './thread-describer.view.js';
import { ThreadFinder, unknownThread } from './thread-finder.js';

const listSchema = z.strictObject({
  page_id: pageIdSchema.optional(),
  channel: z.enum(channels).optional(),
  state: z.enum(threadStates).optional(),
  owner_app_id: appIdSchema.optional().describe('The recorded owner.'),
  entry_point: z.enum(entryPointTypes).optional().describe('How the person came in, until control moves on.'),
  q: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe("The beginning of the person's id, up to four digits of its end, or the name of a simulated person."),
  sort: z
    .enum(threadOrders)
    .default('id')
    .describe('`id`: a stable order. `recent`: what happened last first. `deadline`: what is released next first.'),
  ...pagingShape,
});
type ListQuery = z.infer<typeof listSchema>;
const threadPageSchema = pageOfSchema(describedThreadSchema);
const eventPageSchema = pageOfSchema(threadEventSchema);

const threadPositionSchema = z.tuple([z.string(), z.string(), z.number()]);
const eventPositionSchema = z.tuple([z.int().nonnegative()]);

@AdminController('threads', 'Threads')
export class ThreadsController {
  constructor(
    private readonly threads: ThreadFinder,
    private readonly store: ThreadStore,
    private readonly live: LiveStore,
    private readonly describer: ThreadDescriber,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({
    summary: 'Threads',
    description: 'A page of the list may be short, or empty, before the last one.',
  })
  @ApiOkResponse({ standardSchema: threadPageSchema })
  async list(@Query({ schema: listSchema }) query: ListQuery) {
    const after = decodeCursor(query.cursor, threadPositionSchema);
    const read = await this.store.list(
      filterOf(query),
      query.sort,
      after === null ? null : { pageId: pageId(after[0]), psid: psid(after[1]), at: after[2] },
      query.limit + 1,
    );
    const threads = read.slice(0, query.limit);
    const last = threads.at(-1);
    const described = threads.map((thread) => this.describer.describe(thread)).filter((view) => view !== null);
    return {
      data: described.filter((view) => matches(view, query)),
      next_cursor:
        read.length > query.limit && last !== undefined
          ? encodeCursor([last.pageId, last.psid, positionOf(last, query.sort)])
          : null,
    };
  }

  @Get(':page_id/:psid')
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'A thread as it stands now' })
  @ApiOkResponse({ standardSchema: describedThreadSchema })
  @ApiProblems('page_not_found', 'thread_not_found')
  async get(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
  ) {
    const { thread } = await this.threads.get({ pageId, psid });
    const described = this.describer.describe(thread);
    if (described === null) throw unknownThread({ pageId, psid });
    return described;
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
}

function filterOf(query: ListQuery): ThreadFilter {
  return {
    ...(query.page_id !== undefined && { pageId: query.page_id }),
    ...(query.channel !== undefined && { channel: query.channel }),
    ...(query.state !== undefined && { state: query.state }),
    ...(query.owner_app_id !== undefined && { ownerAppId: query.owner_app_id }),
    ...(query.entry_point !== undefined && { entryPoint: query.entry_point }),
    // Simulated people are called by the last digits of their ids.
    ...(query.q !== undefined && { person: query.q.replace(/^person\s+/i, '') }),
  };
}

/** What is overdue may have moved a thread out of what was asked for. */
function matches(view: DescribedThread, query: ListQuery): boolean {
  return (
    (query.state === undefined || view.state === query.state) &&
    (query.owner_app_id === undefined || view.owner_app_id === query.owner_app_id) &&
    (query.entry_point === undefined || view.entry_point?.type === query.entry_point)
  );
}
