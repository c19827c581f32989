import { z } from 'zod';
import { channels, webhookFields } from '../domain/page.js';
import { checkCodes, checkSeverities } from './configuration-checks.js';

export const checkSchema = z
  .object({
    severity: z.enum(checkSeverities),
    code: z.enum(checkCodes),
    app_id: z.string().nullable(),
    channel: z.enum(channels).nullable(),
    message: z.string().describe('What is the case.'),
    why: z.string().describe('Why it matters.'),
    help: z.string().describe('What helps.'),
    fields: z.array(z.enum(webhookFields)).describe('`fields_missing`: which.'),
  })
  .meta({ id: 'ConfigurationCheck' });
export const checksSchema = z.object({ data: z.array(checkSchema) }).meta({ id: 'ConfigurationChecks' });
