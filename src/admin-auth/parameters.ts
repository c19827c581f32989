import { z } from 'zod';
import { appId, instagramId, pageId, psid } from '../domain/ids.js';

/*
 * Ids as they come in. They are strings in JSON too: a JavaScript number would lose their last digits.
 */
const graphId = (what: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,19}$/, `must be ${what}: 1 to 20 decimal digits, as a string, not beginning with 0`)
    .describe(`${what.charAt(0).toUpperCase()}${what.slice(1)}: 1 to 20 decimal digits.`);

export const pageIdSchema = graphId('a page id').transform(pageId);
export const appIdSchema = graphId('an app id').transform(appId);
export const psidSchema = graphId('a page-scoped person id').transform(psid);
export const instagramIdSchema = graphId('an Instagram account id').transform(instagramId);
