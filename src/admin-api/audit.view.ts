import { z } from 'zod';
import { roles } from '../domain/role.js';
import type { AuditEntry } from '../store/audit.store.js';
import { instant, instantSchema } from '../views/instant.js';
import { pageOfSchema } from './paging.js';

export const auditEntrySchema = z
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
export const auditPageSchema = pageOfSchema(auditEntrySchema);

export function auditEntryView(entry: AuditEntry): z.infer<typeof auditEntrySchema> {
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
