/** What the API answers: the types of the very schemas that make its OpenAPI document. Types only, no code of the server. */
import type { z } from 'zod';
import type { adminTokenSchema, createdAdminTokenSchema } from '../../../src/admin-api/admin-token.view.js';
import type { appSchema } from '../../../src/admin-api/app.view.js';
import type { auditEntrySchema } from '../../../src/admin-api/audit.view.js';
import type { connectionSchema } from '../../../src/admin-api/connection.view.js';
import type { changeSchema } from '../../../src/admin-api/change.view.js';
import type { checkSchema } from '../../../src/admin-api/checks.view.js';
import type { appHealthSchema } from '../../../src/admin-api/delivery-health.view.js';
import type { deliveryRequestSchema } from '../../../src/admin-api/delivery-request.js';
import type { deliverySchema } from '../../../src/admin-api/delivery.view.js';
import type { ticketSchema } from '../../../src/inspector/tickets.controller.js';
import type { machineSchema } from '../../../src/views/machine-definition.js';
import type { pageSchema } from '../../../src/admin-api/page.view.js';
import type { adRouteSchema, linkRouteSchema } from '../../../src/admin-api/route.view.js';
import type { describedThreadSchema } from '../../../src/admin-api/thread-describer.view.js';
import type { logEntrySchema, noticeSchema } from '../../../src/views/log.view.js';

export type App = z.infer<typeof appSchema>;
export type Page = z.infer<typeof pageSchema>;
export type Connection = z.infer<typeof connectionSchema>;
export type AdRoute = z.infer<typeof adRouteSchema>;
export type LinkRoute = z.infer<typeof linkRouteSchema>;
export type Thread = z.infer<typeof describedThreadSchema>;
export type LogEntry = z.infer<typeof logEntrySchema>;
export type Notice = z.infer<typeof noticeSchema>;
export type Delivery = z.infer<typeof deliverySchema>;
export type DeliveryRequest = z.infer<typeof deliveryRequestSchema>;
export type AppHealth = z.infer<typeof appHealthSchema>;
export type ConfigurationCheck = z.infer<typeof checkSchema>;
export type Change = z.infer<typeof changeSchema>;
export type Machine = z.infer<typeof machineSchema>;
export type AdminToken = z.infer<typeof adminTokenSchema>;
export type CreatedAdminToken = z.infer<typeof createdAdminTokenSchema>;
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type Channel = Thread['channel'];
export type ThreadState = Thread['state'];
export type EntryPoint = NonNullable<Thread['entry_point']>;

/** One page of a list; `next_cursor` asks for the next one and is null on the last. */
export interface ListPage<Item> {
  readonly data: Item[];
  readonly next_cursor: string | null;
}

export type Role = 'viewer' | 'operator' | 'admin';

/** Who is signed in, and to what kind of installation. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  /** Null: signed in with a token that does not end. */
  readonly expires_at: string | null;
  readonly mode: 'emulator' | 'gateway';
}
export type InspectorTicket = z.infer<typeof ticketSchema>;
