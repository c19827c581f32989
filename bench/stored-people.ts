import pg from 'pg';
import { laneCount, laneOf, pageId, psid } from '../src/domain/ids.js';
import { machineVersion } from '../src/domain/thread/thread.machine.js';
import { LogPartitions } from '../src/store/log-partitions.js';
import { ad, marketing, page } from './cast.js';

/** People who have been there before, as they stand in the database. */
export interface StoredPeople {
  readonly people: number;
  /** Rows of the log of each, one a day, until yesterday. */
  readonly rowsEach: number;
  /** When their control windows end; milliseconds since 1970. */
  readonly deadlineAt: number;
}

const peoplePerStatement = 20_000;
const dayMs = 24 * 60 * 60 * 1000;
/** Far from the ids of those who write during the benchmark. */
const firstPsid = 8_000_000_000_000_000;

const threadStatement = `
  insert into thread (lane, page_id, psid, channel, state, owner_app_id, entry_point, owner_since, last_user_event_at,
                      deadline_at, wake_at, last_at, version, machine_version)
  select lane, $3::text, psid, 'messenger', 'marketing-owned', $4::text, $5::text, at, at, to_timestamp($6::float8 / 1000),
         to_timestamp($6::float8 / 1000), at, 1, ${machineVersion}
    from unnest($1::smallint[], $2::text[]) person (lane, psid),
         (select to_timestamp(($7::float8 - ${dayMs}) / 1000) as at) yesterday
   order by lane, psid`;

/** Ids are those that follow each other in a lane; the texts are as long as those of the benchmark's own messages. */
const logStatement = `
  insert into log (id, at, occurred_at, owner_since, last_user_event_at, deadline_at, day, version, lane, source_hash,
                   page_id, psid, type, payload, event, cause, notices, channel, state, owner_app_id, entry_point)
  select id, at, at, at, at, at + interval '1 day', (at at time zone 'UTC')::date, 1, lane, md5(psid || ':' || id)::uuid,
         $4::text, psid, 'user.message',
         '{"sender":{"id":"' || psid || '"},"recipient":{"id":"' || $4::text || '"},"timestamp":0,"message":{"mid":"m_' ||
         md5(psid || id) || md5(id || psid) || '","text":"Is the blue one still there in size 42?"}}',
         '[null,0,null,null,null,null,null]', '{"by":"person"}', null, 'messenger', 'marketing-owned', $5::text, $6::text
    from unnest($1::smallint[], $2::text[], $3::bigint[]) filed (lane, psid, id),
         (select to_timestamp(($7::float8 - $8::float8 * ${dayMs}) / 1000) as at) that_day
   order by lane, id`;

const entryPoint = JSON.stringify({ type: 'ad', adId: ad.id, ref: ad.ref });

/**
 * Fills the database of a server that is not running: threads, rows of the log that nobody is owed any more, and the
 * lanes' positions. Large sets in few statements, and only the last of them waits for the disk.
 */
export async function storePeople(
  databaseUrl: string,
  { people, rowsEach, deadlineAt }: StoredPeople,
  say: (line: string) => void,
): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, options: '-c synchronous_commit=off' });
  try {
    const now = Date.now();
    const days = Array.from({ length: rowsEach }, (_, nth) => rowsEach - nth);
    await new LogPartitions(pool).ensure(days.map((ago) => ({ occurredAt: now - ago * dayMs })));
    const lastIds = new Array<number>(laneCount).fill(0);
    const nextId = (lane: number) => (lastIds[lane] = (lastIds[lane] ?? 0) + 1);
    for (let from = 0; from < people; from += peoplePerStatement) {
      const psids = Array.from({ length: Math.min(peoplePerStatement, people - from) }, (_, nth) =>
        String(firstPsid + from + nth),
      );
      const lanes = psids.map((id) => laneOf({ pageId: pageId(page.id), psid: psid(id) }));
      await pool.query(threadStatement, [lanes, psids, page.id, marketing.id, entryPoint, deadlineAt, now]);
      for (const ago of days) {
        await pool.query(logStatement, [lanes, psids, lanes.map(nextId), page.id, marketing.id, entryPoint, now, ago]);
      }
      if ((from / peoplePerStatement) % 25 === 24) say(`${from + psids.length} people stored`);
    }
    for (const table of ['lane', 'cursor']) {
      await pool.query(
        `update ${table} set last_id = stored.last_id
           from unnest($1::bigint[]) with ordinality stored (last_id, nth) where ${table}.lane = nth - 1`,
        [lastIds],
      );
    }
    await pool.query('vacuum (analyze) thread, log');
    await pool.query('checkpoint');
  } finally {
    await pool.end();
  }
}
