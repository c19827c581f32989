import { z } from 'zod';
import { instantSchema } from '../views/instant.js';
import { threadSchema } from '../views/thread.view.js';

export const describedThreadSchema = threadSchema
  .extend({
    name: z.string().nullable().describe('What the person is called, where that is known: in the emulator.'),
    last_event_at: instantSchema.describe('When something last happened in it; what was refused counts.'),
  })
  .meta({ id: 'Thread' });
