import { Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { pageIdSchema } from '../admin-auth/parameters.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { Settings } from '../config/settings.js';
import type { PageId } from '../domain/ids.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { CursorStore } from '../store/cursor.store.js';
import { checksSchema } from './checks.view.js';
import { checkConfiguration } from './configuration-checks.js';
import { ThreadFinder } from './thread-finder.js';

@AdminController('pages/:page_id/checks', 'Pages')
export class ChecksController {
  constructor(
    private readonly threads: ThreadFinder,
    private readonly configuration: ConfigurationCache,
    private readonly cursors: CursorStore,
    private readonly settings: Settings,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: "What is wrong with a page's configuration, or may be, the worst first" })
  @ApiOkResponse({ standardSchema: checksSchema })
  @ApiProblems('page_not_found')
  async read(@Param('page_id', { schema: pageIdSchema }) pageId: PageId): Promise<z.infer<typeof checksSchema>> {
    const page = this.threads.getPage(pageId);
    const { apps, metaTokens } = this.configuration.current();
    const failing = (await this.cursors.backlogs()).flatMap(({ appId, lastError }) =>
      lastError === null ? [] : [[appId, lastError] as const],
    );
    const checks = checkConfiguration({
      page,
      apps,
      failing: new Map(failing),
      gateway: this.settings.gateway,
      hasPlatformToken: metaTokens.has(pageId),
    });
    return { data: checks.map(({ appId, fields, ...check }) => ({ ...check, app_id: appId, fields: [...fields] })) };
  }
}
