import { Delete, Get, HttpCode, HttpStatus, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { VisibleText } from '../admin-auth/visible-text.decorator.js';
import { Clock } from '../clock/clock.js';
import type { PageId, Psid } from '../domain/ids.js';
import type { MessageText } from '../domain/role.js';
import { LogStore } from '../store/log.store.js';
import { PersonStore } from '../store/person.store.js';
import { logEntrySchema, logEntryView, type LogEntryView } from '../views/log.view.js';
import { threadSchema, threadView } from '../views/thread.view.js';
import { ThreadFinder, unknownThread } from './thread-finder.js';

const exportSchema = z
  .object({
    thread: threadSchema,
    events: z.array(logEntrySchema).describe('Everything that happened in the thread, oldest first.'),
  })
  .meta({ id: 'PersonExport' });

const rowsAtOnce = 1_000;

@AdminController('pages/:page_id/people/:psid', 'People')
export class PeopleController {
  constructor(
    private readonly threads: ThreadFinder,
    private readonly log: LogStore,
    private readonly people: PersonStore,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Everything that is kept of a person', description: 'To a viewer without what was said.' })
  @ApiOkResponse({ standardSchema: exportSchema })
  @ApiProblems('page_not_found', 'thread_not_found')
  async export(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
    @VisibleText() text: MessageText,
  ) {
    const { page, thread } = await this.threads.get({ pageId, psid });
    const events: LogEntryView[] = [];
    for (let afterId = 0; ;) {
      const rows = await this.log.rowsOfThread(thread, afterId, rowsAtOnce);
      events.push(...rows.map((row) => logEntryView(row, text)));
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) break;
      afterId = last.id;
    }
    return { thread: threadView(thread, page, this.clock.now()), events };
  }

  @Delete()
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Erase a person',
    description: 'Thread, log, deliveries, everything. What an app has received already is with the app.',
  })
  @ApiNoContentResponse()
  @ApiProblems('thread_not_found')
  async erase(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
  ): Promise<void> {
    // Also of a page that is gone: its log is still there.
    if (!(await this.people.erase({ pageId, psid }))) throw unknownThread({ pageId, psid });
  }
}
