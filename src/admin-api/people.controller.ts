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
import { parseJson } from '../domain/wire-json.js';
import { LogStore } from '../store/log.store.js';
import { PersonStore } from '../store/person.store.js';
import { instant, instantSchema } from '../views/instant.js';
import { logEntrySchema, logEntryView, type LogEntryView } from '../views/log.view.js';
import { threadSchema, threadView } from '../views/thread.view.js';
import { ThreadFinder, unknownThread } from './thread-finder.js';

const exportSchema = z
  .object({
    thread: threadSchema,
    events: z.array(logEntrySchema).describe('Everything that happened in the thread, oldest first.'),
    labels: z.array(z.string()).describe('Labels that apps have put on the person.'),
    menus: z
      .array(z.object({ app_id: z.string(), menu: z.unknown() }))
      .describe('Menus that apps have set for this person alone.'),
    dead_letters: z
      .array(z.object({ app_id: z.string(), reason: z.string(), at: instantSchema }))
      .describe('Deliveries that were given up.'),
    quarantined: z
      .array(z.object({ reason: z.string(), at: instantSchema, payload: z.unknown() }))
      .describe('What came in from or about the person and could not be routed.'),
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
    const { labels, menus, deadLetters, quarantined } = await this.people.remains(thread);
    return {
      thread: threadView(thread, page, this.clock.now()),
      events,
      labels: [...labels],
      menus: menus.map(({ appId, menu }) => ({ app_id: appId, menu: parseJson(menu) })),
      dead_letters: deadLetters.map(({ appId, reason, at }) => ({ app_id: appId, reason, at: instant(at) })),
      quarantined: quarantined.map(({ reason, at, payload }) => ({
        reason,
        at: instant(at),
        payload: parseJson(payload),
      })),
    };
  }

  @Delete()
  @RequiresRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Erase a person',
    description:
      'Thread, log, deliveries, labels, quarantine: everything, at once. What the platform delivers again of it within ' +
      'eight days is acknowledged and not kept; what the person writes from now on begins a new thread. What an app has ' +
      'received already is with the app.',
  })
  @ApiNoContentResponse()
  @ApiProblems('thread_not_found')
  async erase(
    @Param('page_id', { schema: pageIdSchema }) pageId: PageId,
    @Param('psid', { schema: psidSchema }) psid: Psid,
  ): Promise<void> {
    // Also of a page that is gone: its log is still there.
    if (!(await this.people.erase({ pageId, psid }, this.clock.now()))) throw unknownThread({ pageId, psid });
  }
}
