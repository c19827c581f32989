/**
 * The usual outbox: a transaction for each webhook locks the threads it is about, writes them, and adds a row for each
 * app to be told. For each app one loop takes the oldest rows, posts them in one body and deletes them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { apps } from '../cast.js';
import { ownerAfter, serveWebhooks, type InboundEvent } from './inbound.js';
import { copyFor, post } from './outbound.js';

const batchMax = Number(process.env['EVENTS_PER_POST_OUT']);
const idleMs = 5;

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 18 });
await pool.query(`
  create table thread (psid text primary key, owner text);
  create table event (mid text primary key, psid text not null, owner text not null, item text not null);
  create table outbox (id bigint generated always as identity, app_id text not null, mid text not null,
                       primary key (app_id, id))`);

for (const { id } of apps) void deliver(id);
await serveWebhooks(accept);

async function accept(events: readonly InboundEvent[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const owners = new Map<string, string | null>();
    // In order: two webhooks with the same people would deadlock otherwise.
    for (const psid of [...new Set(events.map((event) => event.psid))].sort()) {
      const { rows } = await client.query<{ owner: string | null }>(
        'insert into thread values ($1, null) on conflict (psid) do update set psid = excluded.psid returning owner',
        [psid],
      );
      owners.set(psid, rows[0]?.owner ?? null);
    }
    for (const event of events) {
      const { psid, mid, item } = event;
      const owner = ownerAfter(owners.get(psid) ?? null, event);
      owners.set(psid, owner);
      await client.query('update thread set owner = $2 where psid = $1', [psid, owner]);
      await client.query('insert into event values ($1, $2, $3, $4)', [mid, psid, owner, item]);
      await client.query('insert into outbox (app_id, mid) select unnest($1::text[]), $2', [
        apps.map(({ id }) => id),
        mid,
      ]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function deliver(appId: string): Promise<void> {
  for (;;) {
    const client = await pool.connect();
    await client.query('begin');
    const { rows } = await client.query<{ id: string; owner: string; item: string }>(
      `select o.id, e.owner, e.item from outbox o join event e using (mid)
        where app_id = $1 order by o.id limit $2 for update of o`,
      [appId, batchMax],
    );
    if (rows.length > 0) {
      const copies = rows.map(({ owner, item }) => copyFor(appId, owner, item));
      await post(appId, copies);
      await client.query('delete from outbox where app_id = $1 and id = any($2)', [appId, rows.map(({ id }) => id)]);
    }
    await client.query('commit');
    client.release();
    if (rows.length === 0) await delay(idleMs);
  }
}
