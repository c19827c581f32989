import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { roles } from '../domain/role.js';
import { AuditStore, type AuditEntry } from '../store/audit.store.js';
import { instant, instantSchema } from '../views/instant.js';
import { decodeCursor, pageOf, pageOfSchema, pagingSchema, type Paging } from './paging.js';

const entrySchema = z
  .object({
    id: z.string().describe('Rises with every entry.'),
    at: instantSchema.describe('In real time, also in the emulator.'),
    name: z.string().describe('Of the token that was used.'),
    role: z.enum(roles),
    token_id: z.string().nullable().describe("Null: the installation's own token."),
    address: z.string().describe('Where the request came from.'),
    action: z.string().describe('Method and path of the route.'),
    object: z.record(z.string(), z.string()).describe("What it was done to, by the names in the path; no person's id."),
    before: z.unknown().describe('What that was like, without secrets; null: it is new, or has no state to show.'),
    after: z.unknown().describe('What it is like since; null: it is gone, or has no state to show.'),
    trace_id: z.string().describe('Names the request in the log, and its rows in the log of a thread.'),
  })
  .meta({ id: 'AuditEntry' });
const auditPageSchema = pageOfSchema(entrySchema);

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
    return pageOf(entries, limit, entryView, ({ id }) => [id]);
  }
}

function entryView(entry: AuditEntry): z.infer<typeof entrySchema> {
  return {
    id: entry.id,
    at: instant(entry.at.getTime()),
    name: entry.name,
    role: entry.role,
    token_id: entry.tokenId,
    address: entry.address,
    action: entry.action,
    object: { ...entry.object },
    before: entry.before,
    after: entry.after,
    trace_id: entry.traceId,
  };
}
