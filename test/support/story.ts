import type { LogRow } from '../../src/domain/log.js';
import type { LogStore } from '../../src/store/log.store.js';
import { instantOrNull } from '../../src/views/instant.js';
import { foldLog } from './fold.js';
import type { Person } from './person.js';
import type { Bot } from './stage.js';

/**
 * Expects that everybody tells the same story of a person: the thread's row is the fold of its log, the REST API and the
 * Graph API show that thread and that log, and every app was posted exactly what the log says it is told, in that order.
 */
export async function expectOneStory(person: Person, log: LogStore): Promise<void> {
  const key = { pageId: person.page.id, psid: person.psid };
  const rows = await allRows(log, key);
  const folded = foldLog(rows);
  expect(await log.findThread(key)).toEqual(folded);

  const thread = await person.thread();
  expect(thread).toMatchObject({
    page_id: folded.pageId,
    psid: folded.psid,
    channel: folded.channel,
    state: folded.state,
    owner_app_id: folded.ownerAppId,
    previous_owner_app_id: folded.previousOwnerAppId,
    owner_since: instantOrNull(folded.ownerSince),
    expires_at: instantOrNull(folded.deadlineAt),
    version: folded.version,
  });
  const events = await person.events();
  expect(events.map(({ id, type, version, outcome }) => [id, type, version, outcome])).toEqual(
    rows.map((row) => [
      `${row.lane}-${row.id}`,
      row.type,
      row.thread.version,
      row.refusal === null ? 'applied' : 'refused',
    ]),
  );
  await expectOwnerTold(person, thread);
  await expectDelivered(person, events);
}

async function allRows(log: LogStore, key: Parameters<LogStore['rowsOfThread']>[0]): Promise<LogRow[]> {
  const rows: LogRow[] = [];
  for (;;) {
    const more = await log.rowsOfThread(key, rows.at(-1)?.id ?? 0, 1000);
    if (more.length === 0) return rows;
    rows.push(...more);
  }
}

/** The owner and the default app learn who owns the thread, the others until when; of a released one only the default app. */
async function expectOwnerTold(person: Person, thread: any): Promise<void> {
  const page = await person.stage.ask('GET', `/api/v1/pages/${person.page.id}`);
  const defaultAppId = person.channel === 'instagram' ? page.instagram.default_app_id : page.default_app_id;
  const owned = thread.owner_app_id !== null;
  const expiration = owned ? { expiration: Math.floor(Date.parse(thread.expires_at) / 1000) } : {};
  expect(thread.effective_owner_app_id).toBe(thread.owner_app_id ?? defaultAppId);
  for (const bot of person.page.bots) {
    const knows = bot.id === defaultAppId || bot.id === thread.owner_app_id;
    const told = knows ? { app_id: thread.effective_owner_app_id, ...expiration } : owned ? expiration : null;
    expect({ to: bot.id, told: await person.ownerAsToldTo(bot) }).toEqual({ to: bot.id, told });
  }
}

async function expectDelivered(person: Person, events: readonly any[]): Promise<void> {
  const owed = events.flatMap((event) =>
    event.notices.map((notice: any, index: number) => ({
      app: notice.app_id,
      position: `${event.id}-${index}`,
      field: notice.field,
      time: Date.parse(event.at),
    })),
  );
  for (const bot of person.page.bots) {
    const mine = owed.filter(({ app }) => app === bot.id);
    await bot.receiver.waitFor(`all that app ${bot.id} is owed`, () => firstPosts(bot, person).length >= mine.length);
    expect(firstPosts(bot, person)).toEqual(mine);
  }
  const deliveries = await person.deliveries();
  expect(deliveries.map(({ app_id, id }) => [app_id, positionOf(id)])).toEqual(
    owed.map(({ app, position }) => [app, position]),
  );
}

/** What an app has acknowledged about a person, without repetitions; those must have the same bytes. */
function firstPosts(bot: Bot, person: Person) {
  const bodies = new Map<string, string>();
  const acknowledged = new Set<string>();
  return bot.receiver.about(person.psid).flatMap(({ deliveryId, body, json, answer }) => {
    expect(body).toBe(bodies.get(deliveryId) ?? body);
    bodies.set(deliveryId, body);
    if (answer !== 200 || acknowledged.has(deliveryId)) return [];
    acknowledged.add(deliveryId);
    const [entry] = json.entry;
    const field = entry.standby === undefined ? 'messaging' : 'standby';
    return [{ app: bot.id, position: positionOf(deliveryId), field, time: entry.time }];
  });
}

/** Lane, row and notice of a delivery, without what names the store. */
function positionOf(deliveryId: string): string {
  return deliveryId.replace(/^[0-9a-z]+-/, '');
}
