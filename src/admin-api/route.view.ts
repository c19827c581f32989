import { z } from 'zod';
import { appIdSchema } from '../admin-auth/parameters.js';
import type { RouteEntity } from '../store/route.entity.js';
import { pageOfSchema } from './paging.js';
import { text } from './text.js';

/** The longest `ref` the platform allows. */
const refLengthMax = 2083;

export const adIdSchema = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'must be an ad id: 1 to 64 letters, digits, dots, dashes or underscores')
  .describe("The ad's id.");
export const linkRefSchema = text(refLengthMax).describe("The link's `ref`, as in m.me/page?ref=…");

const templateSchema = z
  .record(z.string(), z.unknown())
  .describe('The welcome template people see, kept as it is given.');

export const putAdRouteSchema = z
  .strictObject({
    receiving_app_id: appIdSchema.describe(
      'The app that gets conversations of this ad. While it is not connected, the route is skipped.',
    ),
    ref: text(refLengthMax).optional().describe("The `ref` the ad's referral carries."),
    title: text(1000).optional().describe('The title people saw, in `ads_context_data.ad_title`.'),
    template: templateSchema.optional(),
  })
  .meta({ id: 'PutAdRoute' });
export type PutAdRoute = z.infer<typeof putAdRouteSchema>;

export const putLinkRouteSchema = z
  .strictObject({
    app_id: appIdSchema.describe(
      'The app that gets conversations of this link. While it is not connected, the route is skipped.',
    ),
  })
  .meta({ id: 'PutLinkRoute' });
export type PutLinkRoute = z.infer<typeof putLinkRouteSchema>;

export const adRouteSchema = z
  .object({
    page_id: z.string(),
    ad_id: z.string(),
    receiving_app_id: z.string(),
    ref: z.string().nullable(),
    title: z.string().nullable(),
    template: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'AdRoute' });
export const adRoutePageSchema = pageOfSchema(adRouteSchema);

export const linkRouteSchema = z
  .object({ page_id: z.string(), ref: z.string(), app_id: z.string() })
  .meta({ id: 'LinkRoute' });
export const linkRoutePageSchema = pageOfSchema(linkRouteSchema);

export function adRouteView(route: RouteEntity): z.infer<typeof adRouteSchema> {
  return {
    page_id: route.pageId,
    ad_id: route.key,
    receiving_app_id: route.appId,
    ref: route.ref,
    title: route.title,
    template: route.template === null ? null : (JSON.parse(route.template) as Record<string, unknown>),
  };
}

export function linkRouteView(route: RouteEntity): z.infer<typeof linkRouteSchema> {
  return { page_id: route.pageId, ref: route.key, app_id: route.appId };
}
