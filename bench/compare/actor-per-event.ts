/**
 * A first version as one would write it: each event is a transaction of its own, through TypeORM's repositories, in
 * which the thread's actor is brought to life, gets the event and is stored again. Deliveries go out from memory after
 * the commit, one after the other for each person; unlike the others here, it loses them in a crash.
 */
import 'reflect-metadata';
import { DataSource, EntitySchema } from 'typeorm';
import { assign, createActor, setup, type Snapshot } from 'xstate';
import { apps } from '../cast.js';
import { ownerAfter, serveWebhooks, type InboundEvent } from './inbound.js';
import { copyFor, post } from './outbound.js';

interface Thread {
  psid: string;
  snapshot: Snapshot<unknown>;
}

interface LoggedEvent {
  mid: string;
  psid: string;
  owner: string;
  item: string;
}

const threadEntity = new EntitySchema<Thread>({
  name: 'thread',
  columns: { psid: { type: 'text', primary: true }, snapshot: { type: 'jsonb' } },
});
const loggedEventEntity = new EntitySchema<LoggedEvent>({
  name: 'logged_event',
  columns: {
    mid: { type: 'text', primary: true },
    psid: { type: 'text' },
    owner: { type: 'text' },
    item: { type: 'text' },
  },
});

const machine = setup({
  types: {
    context: {} as { owner: string | null },
    events: {} as { type: 'message'; throughAd: boolean },
  },
  actions: { own: assign({ owner: ({ context, event }) => ownerAfter(context.owner, event) }) },
}).createMachine({
  context: { owner: null },
  initial: 'released',
  states: {
    released: { on: { message: { target: 'owned', actions: 'own' } } },
    owned: { on: { message: { actions: 'own' } } },
  },
});

const dataSource = new DataSource({
  type: 'postgres',
  url: process.env['DATABASE_URL'] ?? '',
  entities: [threadEntity, loggedEventEntity],
  synchronize: true,
  poolSize: 16,
});
await dataSource.initialize();

const turns = new Map<string, Promise<void>>();

/** One event of a person after the other, of different persons side by side. */
function inTurn(psid: string, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(psid) ?? Promise.resolve()).then(work);
  turns.set(psid, turn);
  void turn.finally(() => {
    if (turns.get(psid) === turn) turns.delete(psid);
  });
  return turn;
}

async function take(event: InboundEvent): Promise<void> {
  const { psid, mid, throughAd, item } = event;
  const owner = await dataSource.transaction(async (manager) => {
    const threads = manager.getRepository(threadEntity);
    const stored = await threads.findOne({ where: { psid }, lock: { mode: 'pessimistic_write' } });
    const actor = createActor(machine, stored === null ? {} : { snapshot: stored.snapshot });
    actor.start();
    actor.send({ type: 'message', throughAd });
    const { owner } = actor.getSnapshot().context;
    if (owner === null) throw new Error('nobody owns the thread');
    await threads.save({ psid, snapshot: actor.getPersistedSnapshot() });
    actor.stop();
    await manager.getRepository(loggedEventEntity).insert({ mid, psid, owner, item });
    return owner;
  });
  void inTurn(`${psid} deliveries`, async () => {
    await Promise.all(apps.map(({ id }) => post(id, [copyFor(id, owner, item)])));
  });
}

await serveWebhooks(async (events) => {
  await Promise.all(events.map((event) => inTurn(event.psid, () => take(event))));
});
