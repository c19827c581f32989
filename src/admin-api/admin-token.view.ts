import { z } from 'zod';
import { roles } from '../domain/role.js';
import type { AdminTokenRecord } from '../store/admin-token.store.js';
import { instant, instantOrNull, instantSchema } from '../views/instant.js';
import { pageOfSchema } from './paging.js';
import { text } from './text.js';

export const createAdminTokenSchema = z
  .strictObject({
    name: text(200).describe('Who or what uses it, for people: it is what the audit trail says.'),
    role: z.enum(roles),
    expires_at: z.iso.datetime({ offset: true }).optional().describe('Left out: it has no end.'),
  })
  .meta({ id: 'CreateToken' });

export const adminTokenSchema = z
  .object({
    token_id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    created_at: instantSchema,
    expires_at: instantSchema.nullable(),
    last_used_at: instantSchema.nullable().describe('To the minute.'),
    revoked_at: instantSchema.nullable(),
  })
  .meta({ id: 'AdminToken' });
export const adminTokenPageSchema = pageOfSchema(adminTokenSchema);
export const createdAdminTokenSchema = adminTokenSchema
  .extend({ token: z.string().describe('Shown in this answer only.') })
  .meta({ id: 'CreatedAdminToken' });

export function adminTokenView(token: AdminTokenRecord): z.infer<typeof adminTokenSchema> {
  return {
    token_id: token.tokenId,
    name: token.name,
    role: token.role,
    created_at: instant(token.createdAt.getTime()),
    expires_at: instantOrNull(token.expiresAt?.getTime() ?? null),
    last_used_at: instantOrNull(token.lastUsedAt?.getTime() ?? null),
    revoked_at: instantOrNull(token.revokedAt?.getTime() ?? null),
  };
}
