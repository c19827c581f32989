import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { CursorStore } from '../store/cursor.store.js';
import { appHealthView, deliveryHealthSchema, healthStatuses, type AppHealth } from './delivery-health.view.js';

@AdminController('delivery-health', 'Deliveries')
export class DeliveryHealthController {
  constructor(
    private readonly cursors: CursorStore,
    private readonly configuration: ConfigurationCache,
  ) {}

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'How deliveries to each app go, over all instances; those that fail first' })
  @ApiOkResponse({ standardSchema: deliveryHealthSchema })
  async read(): Promise<z.infer<typeof deliveryHealthSchema>> {
    const backlogs = new Map((await this.cursors.backlogs()).map((backlog) => [backlog.appId, backlog]));
    const apps = [...this.configuration.current().apps.values()];
    const data = apps.map((app) => appHealthView(app, backlogs.get(app.appId)));
    const rank = ({ status }: AppHealth) => healthStatuses.indexOf(status);
    return { data: data.sort((a, b) => rank(a) - rank(b) || b.held - a.held || a.name.localeCompare(b.name)) };
  }
}
