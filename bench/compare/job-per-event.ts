/**
 * A queue library, graphile-worker: each event becomes a job, in a queue named after its person so that they keep their
 * order. The job decides who owns the thread and posts the event to both apps.
 */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { z } from 'zod';
import { apps } from '../cast.js';
import { ownerAfter, serveWebhooks } from './inbound.js';
import { copyFor, post } from './outbound.js';

const eventSchema = z.object({ psid: z.string(), mid: z.string(), throughAd: z.boolean(), item: z.string() });

const pgPool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 24 });
await pgPool.query('create table thread (psid text primary key, owner text not null)');
const quiet = new Logger(() => () => undefined);
const utils = await makeWorkerUtils({ pgPool, logger: quiet });
await utils.migrate();

await run({
  pgPool,
  logger: quiet,
  concurrency: 16,
  noHandleSignals: true,
  preset: { worker: { localQueue: { size: 100 }, completeJobBatchDelay: 5 } },
  taskList: {
    route: async (payload) => {
      const event = eventSchema.parse(payload);
      const { rows } = await pgPool.query<{ owner: string }>('select owner from thread where psid = $1', [event.psid]);
      const owner = ownerAfter(rows[0]?.owner ?? null, event);
      if (owner !== rows[0]?.owner) {
        await pgPool.query(
          'insert into thread values ($1, $2) on conflict (psid) do update set owner = excluded.owner',
          [event.psid, owner],
        );
      }
      await Promise.all(apps.map(({ id }) => post(id, [copyFor(id, owner, event.item)])));
    },
  },
});

await serveWebhooks(async (events) => {
  for (const event of events) await utils.addJob('route', event, { queueName: event.psid, jobKey: event.mid });
});
