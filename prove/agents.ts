import { setTimeout as delay } from 'node:timers/promises';
import { desk, marketing, support, type AppRole, type PersonRole } from './cast.js';
import type { FaultsFound } from './faults-found.js';
import type { Random } from './random.js';
import type { Upstream } from './upstream.js';
import type { World } from './world.js';

/** What an app asked for and what it was told: one line of a history that has to be possible. */
export interface Asked {
  readonly person: PersonRole;
  readonly app: AppRole;
  readonly type: 'control.pass' | 'control.release' | 'app.send';
  readonly told: 'done' | 'refused' | 'unknown';
}

/** Apps that pass, release and take threads while everything else happens, now and then two of them at the same moment. */
export class Agents {
  readonly asked: Asked[] = [];
  #working: Promise<unknown> | null = null;
  #stopped = false;

  constructor(
    private readonly world: World,
    private readonly upstream: Upstream,
    private readonly callsPerSecond: number,
  ) {}

  start(): void {
    this.#working = this.#work(this.world.random.fork('agents'), this.world.faults);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(random: Random, faults: FaultsFound): Promise<void> {
    const known = () => this.upstream.sequences.filter(({ acknowledged }) => acknowledged > 0);
    while (!this.#stopped) {
      await delay((1_000 / this.callsPerSecond) * random.between(0.5, 1.5));
      const people = known();
      if (people.length === 0) continue;
      const { person } = random.pick(people);
      const callers = random.chance(0.3) ? [marketing, desk] : [random.pick([marketing, support, desk])];
      await Promise.all(callers.map((app) => this.#ask(person, app, random, faults)));
    }
  }

  async #ask(person: PersonRole, app: AppRole, random: Random, faults: FaultsFound): Promise<void> {
    if (!person.page.apps.includes(app)) return;
    const token = this.world.tokens.get(`${person.page.id} ${app.id}`) ?? '';
    const recipient = { id: person.psid };
    const types = ['control.pass', 'control.pass', 'control.release', 'app.send'] as const;
    const type = app === desk && random.chance(0.5) ? 'app.send' : random.pick(types);
    const other = random.pick(person.page.apps.filter((each) => each !== app));
    const [path, body] =
      type === 'control.pass'
        ? ['pass_thread_control', { recipient, target_app_id: other.id }]
        : type === 'control.release'
          ? ['release_thread_control', { recipient }]
          : ['messages', { recipient, messaging_type: 'RESPONSE', message: { text: 'Hello from an app' } }];
    const reply = await this.world.balancer.send({
      method: 'POST',
      path: `/v12.0/me/${path}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    // An answer that did not come, and a database that was away: it may have been done all the same.
    const status = reply === null || reply === 'no_answer' ? 0 : reply.status;
    const told = status === 200 ? 'done' : status === 0 || status >= 500 ? 'unknown' : 'refused';
    if (status === 500 && reply !== null && reply !== 'no_answer' && !/temporarily|try again|retry/i.test(reply.text)) {
      faults.add('I12', `${type} was answered ${reply.text.slice(0, 300)}`);
    }
    this.asked.push({ person, app, type, told });
  }
}
