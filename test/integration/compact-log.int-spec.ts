import { CreateTables1790000000000 } from '../../migrations/1790000000000-create-tables.js';
import { GraphObjects1790000100001 } from '../../migrations/1790000100001-graph-objects.js';
import { Gateway1790000100003 } from '../../migrations/1790000100003-gateway.js';
import type { LogRow } from '../../src/domain/log.js';
import { migrate, openDataSource, openPool } from '../../src/store/data-source.js';
import { LogStore } from '../../src/store/log.store.js';
import { laneOf } from '../../src/domain/ids.js';
import { createTestDatabase } from '../support/database.js';
import { marketing, shop, support, threadOf } from '../support/instance.js';

/*
 * A log as the first release wrote it must read the same after the migration that made it narrower: `rows` are the log
 * rows, and `wide` is how they lay in the table then.
 */

const key = threadOf(1);
const lane = laneOf(key);
const at = Date.UTC(2026, 10, 26, 23, 59, 59, 123);
const hour = 60 * 60 * 1000;
const entryPoint = { type: 'ad', adId: '120200000000000303', ref: 'spring \u2028 "1"' } as const;
const payload = '{"sender":{"id":"7000000000000001"},"message":{"mid":"m_1","text":"\\u0000 \\ud800"}}';

const nobody = { defaultAppId: null, assigneeAppId: null, callerAppId: null, targetAppId: null, entryPoint: null };
const owned = {
  ...key,
  channel: 'messenger',
  state: 'marketing-owned',
  ownerAppId: marketing,
  previousOwnerAppId: null,
  entryPoint,
  ownerSince: at,
  lastUserEventAt: at,
  pendingReferral: null,
  deadlineAt: at + 24 * hour,
  version: 1,
  lastAt: at,
} as const;
const released = {
  ...owned,
  state: 'released',
  ownerAppId: null,
  previousOwnerAppId: marketing,
  entryPoint: null,
  ownerSince: null,
  deadlineAt: null,
  version: 2,
  lastAt: at + 24 * hour,
} as const;
const common = { lane, ...key, businessId: shop, at, occurredAt: at, payload: null, refusal: null, notices: [] };

const rows: LogRow[] = [
  {
    ...common,
    id: 1,
    type: 'user.message',
    sourceId: 'user.message:m_1',
    payload,
    event: {
      ...nobody,
      type: 'user.message',
      facts: ['defaultAppSet', 'hasAssignee', 'opensMessagingWindow'],
      defaultAppId: support,
      assigneeAppId: marketing,
      entryPoint,
    },
    cause: { by: 'person', traceId: 'trace' },
    notices: [
      { kind: 'pass', appId: marketing, previousOwnerAppId: null, newOwnerAppId: marketing, metadata: null },
      { kind: 'event', appId: marketing, field: 'messaging', without: 'referral' },
      { kind: 'event', appId: support, field: 'standby', without: null },
    ],
    thread: owned,
  },
  {
    ...common,
    id: 2,
    businessId: '17841400000000001',
    type: 'control.pass',
    sourceId: 'key:1',
    event: { ...nobody, type: 'control.pass', facts: ['hasTarget', 'ownerDisconnected'], callerAppId: support },
    cause: { by: 'app', appId: support, requestHash: 'hash' },
    refusal: {
      reason: 'pass_not_owner',
      state: 'marketing-owned',
      effectiveOwnerAppId: marketing,
      ownerSince: at,
      expiresAt: at + 24 * hour,
      windowExpiresAt: null,
    },
    thread: owned,
  },
  {
    ...common,
    id: 3,
    type: 'control.expired',
    sourceId: `control.expired:${shop}:${key.psid}:1`,
    at: at + 24 * hour,
    occurredAt: at + 24 * hour,
    event: { ...nobody, type: 'xstate.after.controlWindow.thread.marketing-owned', facts: ['deadlineReached'] },
    cause: { by: 'timer' },
    thread: released,
  },
];

/** Without what is null, as JSON had it. */
const withoutNulls = (value: object) =>
  JSON.stringify(Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null)));

function wide(row: LogRow): unknown[] {
  const { version } = row.thread;
  const hasOwnColumn = ['pageId', 'psid', 'version', 'lastAt'];
  const image = Object.fromEntries(Object.entries(row.thread).filter(([name]) => !hasOwnColumn.includes(name)));
  return [
    ...[row.lane, row.id, new Date(row.occurredAt).toISOString().slice(0, 10), row.pageId, row.psid, row.businessId],
    ...[version, row.type, row.sourceId, row.at, row.occurredAt, row.refusal === null ? 'applied' : 'refused'],
    ...[row.payload, withoutNulls(row.event), JSON.stringify(row.cause)],
    `[${row.notices.map((notice) => (notice.kind === 'event' ? withoutNulls(notice) : JSON.stringify(notice))).join()}]`,
    ...[row.refusal === null ? null : JSON.stringify(row.refusal), withoutNulls(image)],
  ];
}

describe('a log of the first release', () => {
  it('reads the same after the migration', async () => {
    const database = await createTestDatabase();
    const dataSource = await openDataSource(database.url);
    try {
      await dataSource.query('drop schema public cascade; create schema public');
      await dataSource.query(
        'create table migration (id serial primary key, timestamp bigint not null, name varchar not null)',
      );
      const runner = dataSource.createQueryRunner();
      for (const Shipped of [CreateTables1790000000000, GraphObjects1790000100001, Gateway1790000100003]) {
        await new Shipped().up(runner);
        await runner.query('insert into migration (timestamp, name) values ($1, $2)', [
          Shipped.name.slice(-13),
          Shipped.name,
        ]);
      }
      await runner.query(`
        create table log_20261126 partition of log for values from ('2026-11-26') to ('2026-11-27');
        create table log_20261127 partition of log for values from ('2026-11-27') to ('2026-11-28');
      `);
      for (const row of rows) {
        await runner.query(
          `insert into log values ($1, $2, $3, $4, $5, $6, $7, $8, $9, to_timestamp($10::float8 / 1000),
             to_timestamp($11::float8 / 1000), $12, $13, $14, $15, $16, $17, $18)`,
          wide(row),
        );
      }
      await runner.release();

      await migrate(dataSource);

      const pool = openPool(database.url);
      expect(await new LogStore(pool).rowsAfter(lane, 0, 10)).toEqual(rows);
      const partitions: { name: string }[] = await dataSource.query(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'log'::regclass order by name`,
      );
      expect(partitions.map(({ name }) => name)).toEqual(['log_20261126', 'log_20261127']);
      await pool.end();
    } finally {
      await dataSource.destroy();
      await database.drop();
    }
  });
});
