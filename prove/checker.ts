import { readFile } from 'node:fs/promises';
import { appId, laneCount, pageId, psid, threadName } from '../src/domain/ids.js';
import type { LogRow } from '../src/domain/log.js';
import { replay } from '../src/domain/thread/decide.js';
import { newThread, type Thread } from '../src/domain/thread/thread.js';
import { LogStore } from '../src/store/log.store.js';
import type { Asked } from './agents.js';
import { adminToken, canary, metaAppSecret, type PersonRole } from './cast.js';
import { positionOf } from './delivery-ledger.js';
import { readStamp, type Upstream } from './upstream.js';
import type { World } from './world.js';

const rowsPerRead = 2_000;

/** What the check has counted. */
export interface Checked {
  readonly rows: number;
  readonly threads: number;
  readonly events: number;
  readonly deliveries: number;
  readonly deadLetters: number;
  readonly expired: number;
}

interface Seen {
  thread: Thread;
  /** The person's last event in the log. */
  sequence: number;
  rows: number;
}

/** Reads the database and every record kept outside it, and notes whatever does not agree in `world.faults`. */
export async function check(world: World, upstreams: readonly Upstream[], asked: readonly Asked[]): Promise<Checked> {
  const checker = new Checker(world, upstreams, asked);
  await checker.run();
  return checker.checked();
}

class Checker {
  readonly #log: LogStore;
  readonly #people = new Map<string, { person: PersonRole; acknowledged: number; made: number }>();
  readonly #done = new Map<string, number>();
  readonly #expectedByApp = new Map<string, number>();
  #rows = 0;
  #threads = 0;
  #events = 0;
  #deliveries = 0;
  #deadLetters = 0;
  #expired = 0;

  constructor(
    private readonly world: World,
    upstreams: readonly Upstream[],
    private readonly asked: readonly Asked[],
  ) {
    this.#log = new LogStore(world.database.pool);
    for (const { sequences } of upstreams) {
      for (const { person, acknowledged, made } of sequences) {
        this.#people.set(nameOf(person), { person, acknowledged, made });
      }
    }
  }

  checked(): Checked {
    return {
      rows: this.#rows,
      threads: this.#threads,
      events: this.#events,
      deliveries: this.#deliveries,
      deadLetters: this.#deadLetters,
      expired: this.#expired,
    };
  }

  async run(): Promise<void> {
    const letters = await this.#readDeadLetters();
    const lastIds = await this.#log.lastIds();
    for (let lane = 0; lane < laneCount; lane++) await this.#checkLane(lane, lastIds[lane] ?? 0, letters);
    for (const [name, { person, acknowledged }] of this.#people) {
      if (acknowledged > 0)
        await this.#report('I1', name, person, `${acknowledged} acknowledged events of ${name} are in no log`);
    }
    this.#checkNoGhosts();
    await this.#checkHistory();
    await this.#checkQuarantine();
    await this.#checkLogs();
  }

  async #readDeadLetters(): Promise<Set<string>> {
    const { rows } = await this.world.database.pool.query<{ lane: number; id: string; notice: number; reason: string }>(
      'select lane, id, notice, reason from dead_letter',
    );
    this.#deadLetters = rows.length;
    for (const { reason } of rows) if (reason === '') this.world.faults.add('I1', 'a dead letter has no reason');
    return new Set(rows.map(({ lane, id, notice }) => `${lane}-${id}-${notice}`));
  }

  /** Every row of a lane in order: the fold, the send order, the owners, and what each app was owed. */
  async #checkLane(lane: number, lastId: number, letters: ReadonlySet<string>): Promise<void> {
    const { faults } = this.world;
    const threads = new Map<string, Seen>();
    let expected = 1;
    for (let after = 0; ;) {
      const rows = await this.#log.rowsAfter(lane, after, rowsPerRead);
      for (const row of rows) {
        if (row.id !== expected) faults.add('I5', `lane ${lane} has no row ${expected} but ${row.id}`);
        expected = row.id + 1;
        this.#rows += 1;
        await this.#checkRow(row, threads, letters);
      }
      if (rows.length < rowsPerRead) break;
      after = rows.at(-1)?.id ?? after;
    }
    if (expected !== lastId + 1) faults.add('I6', `lane ${lane} says ${lastId} and its log ends at ${expected - 1}`);
    this.#threads += threads.size;
    await this.#checkThreads(lane, threads);
  }

  async #checkRow(row: LogRow, threads: Map<string, Seen>, letters: ReadonlySet<string>): Promise<void> {
    const { faults } = this.world;
    const name = threadName(row);
    let seen = threads.get(name);
    if (seen === undefined) {
      seen = { thread: newThread(row.pageId, row.psid, row.thread.channel), sequence: 0, rows: 0 };
      threads.set(name, seen);
    }
    const before = seen.thread;
    seen.rows += 1;

    const folded = row.refusal === null ? replay(before, row.event, row.at) : { ...before, lastAt: row.at };
    if (!isSame(folded, row.thread))
      faults.add('I6', `row ${row.lane}-${row.id} of ${name} is not the fold of its log`);
    const moved = row.thread.ownerAppId !== before.ownerAppId || row.thread.state !== before.state;
    if (row.thread.version !== before.version + (moved ? 1 : 0)) {
      faults.add(
        'I5',
        `row ${row.lane}-${row.id} of ${name} jumps from version ${before.version} to ${row.thread.version}`,
      );
    }
    const live = new Set(
      row.notices.flatMap((notice) => (notice.kind === 'event' && notice.field === 'messaging' ? [notice.appId] : [])),
    );
    if (row.thread.ownerAppId !== null && live.size > 1) {
      faults.add('I5', `row ${row.lane}-${row.id} of ${name} went live to ${[...live].join(' and ')}`);
    }
    const [only] = live;
    if (row.thread.ownerAppId !== null && only !== undefined && only !== row.thread.ownerAppId) {
      faults.add('I8', `row ${row.lane}-${row.id} of ${name} went live to ${only}, which is not its owner`);
    }
    this.#checkDeadline(row, before);
    await this.#checkSequence(row, name, seen);
    await this.#checkDeliveries(row, letters);
    if (row.refusal === null) this.#count(row);
    seen.thread = row.thread;
  }

  /** Control ends exactly at its deadline, and nothing that came later was decided before. */
  #checkDeadline(row: LogRow, before: Thread): void {
    const { faults } = this.world;
    if (row.type === 'control.expired') {
      this.#expired += 1;
      if (before.deadlineAt === null || row.at !== Math.max(before.deadlineAt, before.lastAt)) {
        faults.add(
          'I7',
          `row ${row.lane}-${row.id} ends control at ${row.at}, and its deadline was ${before.deadlineAt}`,
        );
      }
    } else if (before.deadlineAt !== null && row.at >= before.deadlineAt && row.type !== 'app.disconnected') {
      faults.add('I7', `row ${row.lane}-${row.id} was decided past the deadline ${before.deadlineAt}`);
    }
    if (row.at < before.lastAt) faults.add('I3', `row ${row.lane}-${row.id} is before the thread's last one`);
  }

  async #checkSequence(row: LogRow, name: string, seen: Seen): Promise<void> {
    const stamp = row.payload === null ? null : readStamp(row.payload);
    if (stamp === null) return;
    this.#events += 1;
    const known = this.#people.get(name);
    if (known === undefined || known.person.number !== stamp.number) {
      this.world.faults.add('I2', `row ${row.lane}-${row.id} of ${name} was never sent`);
      return;
    }
    if (stamp.sequence !== seen.sequence + 1) {
      const what = stamp.sequence <= seen.sequence ? 'again or late' : `after ${seen.sequence}`;
      const invariant = stamp.sequence <= seen.sequence ? 'I3' : 'I1';
      await this.#report(invariant, name, known.person, `event ${stamp.sequence} of ${name} came ${what}`);
    }
    seen.sequence = Math.max(seen.sequence, stamp.sequence);
    if (seen.sequence > known.made) this.world.faults.add('I2', `event ${seen.sequence} of ${name} was never made`);
  }

  async #checkDeliveries(row: LogRow, letters: ReadonlySet<string>): Promise<void> {
    for (const [index, { appId: receiver }] of row.notices.entries()) {
      const { role, ledger } = this.world.app(receiver);
      const thread = `${row.businessId} ${row.psid}`;
      this.#deliveries += 1;
      if (ledger.has(thread, positionOf({ id: row.id, notice: index }))) {
        this.#expectedByApp.set(receiver, (this.#expectedByApp.get(receiver) ?? 0) + 1);
      } else if (!letters.has(`${row.lane}-${row.id}-${index}`)) {
        const what = `${role.name} never got ${row.lane}-${row.id}-${index} (${row.type}) of ${thread}`;
        this.world.faults.add('I1', `${what}${await this.#attemptsOf(row, receiver)}`);
      }
    }
  }

  /** What was tried for an app about one thread, around one row. */
  async #attemptsOf(row: LogRow, app: string): Promise<string> {
    const { rows } = await this.world.database.pool.query<{ line: string }>(
      `select a.lane || '-' || a.id || '-' || a.notice || ' attempt ' || a.attempt || ': '
              || coalesce(a.status::text, a.error, '') || ' ' || a.at as line
         from attempt a join log l on l.lane = a.lane and l.id = a.id
        where a.lane = $1 and a.id between $2 - 30 and $2 + 30 and l.page_id = $3 and l.psid = $4 and a.app_id = $5
        order by a.at`,
      [row.lane, row.id, row.pageId, row.psid, app],
    );
    return rows.map(({ line }) => `\n      ${line}`).join('');
  }

  #count(row: LogRow): void {
    const { callerAppId } = row.event;
    if (callerAppId === null) return;
    const name = `${threadName(row)} ${callerAppId} ${row.type}`;
    this.#done.set(name, (this.#done.get(name) ?? 0) + 1);
  }

  /** Stored threads are their logs' last images; whoever is acknowledged is in them. */
  async #checkThreads(lane: number, threads: ReadonlyMap<string, Seen>): Promise<void> {
    const { faults } = this.world;
    const { rows } = await this.world.database.pool.query<{ page_id: string; psid: string }>(
      'select page_id, psid from thread where lane = $1',
      [lane],
    );
    for (const { page_id, psid: person } of rows) {
      const name = threadName({ pageId: pageId(page_id), psid: psid(person) });
      if (!threads.has(name)) faults.add('I6', `thread ${name} has no log`);
    }
    for (const [name, { thread, sequence }] of threads) {
      const stored = await this.#log.findThread(thread);
      if (stored === null || !isSame(stored, thread)) faults.add('I6', `thread ${name} is not the fold of its log`);
      const known = this.#people.get(name);
      if (known === undefined) continue;
      if (sequence < known.acknowledged) {
        await this.#report(
          'I1',
          name,
          known.person,
          `${name} was acknowledged to ${known.acknowledged}, its log ends at ${sequence}`,
        );
      }
      this.#people.set(name, { ...known, acknowledged: 0 });
    }
  }

  /** What apps have taken is what the log says they were owed. */
  #checkNoGhosts(): void {
    for (const { role, ledger } of this.world.apps) {
      const expected = this.#expectedByApp.get(appId(role.id)) ?? 0;
      if (ledger.taken !== expected) {
        this.world.faults.add(
          'I2',
          `${role.name} took ${ledger.taken} deliveries, and the log knows ${expected} of them`,
        );
      }
    }
  }

  /** Every call that was told "done" is in the log, and nothing is there that nobody asked for. */
  async #checkHistory(): Promise<void> {
    const told = new Map<string, { done: number; unknown: number }>();
    for (const { person, app, type, told: answer } of this.asked) {
      const name = `${nameOf(person)} ${app.id} ${type}`;
      const counts = told.get(name) ?? { done: 0, unknown: 0 };
      if (answer !== 'refused') counts[answer] += 1;
      told.set(name, counts);
    }
    for (const name of new Set([...told.keys(), ...this.#done.keys()])) {
      const { done, unknown } = told.get(name) ?? { done: 0, unknown: 0 };
      const logged = this.#done.get(name) ?? 0;
      if (logged < done || logged > done + unknown) {
        const person = this.asked.find((each) => name.startsWith(`${nameOf(each.person)} `))?.person;
        const what = `${name}: told done ${done}, unknown ${unknown}, in the log ${logged}`;
        if (person === undefined) this.world.faults.add('I5', what);
        else await this.#report('I5', nameOf(person), person, what);
      }
    }
  }

  async #checkQuarantine(): Promise<void> {
    const { rows } = await this.world.database.pool.query<{ reason: string; n: number }>(
      'select reason, count(*)::int as n from quarantine group by reason',
    );
    for (const { reason, n } of rows) this.world.faults.add('I1', `${n} events are in quarantine: ${reason}`);
  }

  /** Nothing that was said, no secret and no person is in what the instances have printed. */
  async #checkLogs(): Promise<void> {
    const secrets = [canary, metaAppSecret, adminToken, 'prove-secret-of-', ...this.world.tokens.values()];
    for (const file of this.world.logFiles) {
      const text = await readFile(file, 'utf8').catch(() => '');
      for (const secret of secrets) if (text.includes(secret)) this.world.faults.add('I11', `${file} has ${secret}`);
      if (/"psid"|7100000000\d{6}|810000000\d{6}/.test(text)) {
        this.world.faults.add(
          'I11',
          `${file} names a person: ${/.*(7100000000\d{6}|810000000\d{6}|"psid").*/.exec(text)?.[0] ?? ''}`,
        );
      }
    }
  }

  /** Notes a fault with the shortest history that shows it: the log of this one thread. */
  async #report(invariant: string, name: string, person: PersonRole, sentence: string): Promise<void> {
    if (this.world.faults.count(invariant) >= 5) return this.world.faults.add(invariant, sentence);
    const rows = await this.#log.rowsOfThread({ pageId: pageId(person.page.id), psid: psid(person.psid) }, 0, 10_000);
    const known = this.#people.get(name);
    const history = rows
      .slice(-40)
      .map(
        (row) =>
          `${row.lane}-${row.id} ${row.type} ${(row.payload === null ? null : readStamp(row.payload))?.sequence ?? ''} v${row.thread.version}`,
      );
    this.world.faults.add(
      invariant,
      `${sentence}\n      made ${known?.made ?? 0}, acknowledged ${known?.acknowledged ?? 0}; its log: ${history.join(', ')}`,
    );
  }
}

const nameOf = ({ page, psid: id }: PersonRole) => `${page.id}:${id}`;

function isSame(one: Thread, other: Thread): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(thread: Thread): [string, unknown][] {
  return Object.entries(thread).sort(([a], [b]) => (a < b ? -1 : 1));
}
