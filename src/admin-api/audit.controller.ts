import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { AuditStore } from '../store/audit.store.js';
import { auditEntryView, auditPageSchema } from './audit.view.js';
import { decodeCursor, pageOf, pagingSchema, type Paging } from './paging.js';

const positionSchema = z.tuple([z.string().regex(/^\d{1,18}$/)]);

@AdminController('audit', 'Access')
export class AuditController {
  constructor(private readonly audit: AuditStore) {}

  @Get()
  @RequiresRole('admin')
  @ApiOperation({
    summary: 'Who did what, the latest first',
    description: 'Every change made through this API, and every sign-in and sign-out. Entries are never changed.',
  })
  @ApiOkResponse({ standardSchema: auditPageSchema })
  async list(@Query({ schema: pagingSchema }) { cursor, limit }: Paging) {
    const before = decodeCursor(cursor, positionSchema)?.[0] ?? null;
    const entries = await this.audit.list(before, limit + 1);
    return pageOf(entries, limit, auditEntryView, ({ id }) => [id]);
  }
}
