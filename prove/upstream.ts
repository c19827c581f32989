import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Balancer } from './balancer.js';
import { ad, businessIdOf, canary, metaAppSecret, person, type PersonRole } from './cast.js';
import type { FaultsFound } from './faults-found.js';
import type { Random } from './random.js';

export interface UpstreamOptions {
  /** Senders that work at the same time, each with people of its own. */
  readonly writers: number;
  readonly people: number;
  /** Events in one webhook at most. */
  readonly batchMax: number;
  /** Events a second to aim at, over all writers. */
  readonly eventsPerSecond: number;
  /** The share of webhooks that are sent again although they were taken. */
  readonly duplicates: number;
  /** Everybody writes once, and then it is over. */
  readonly once?: boolean;
}

interface Sequence {
  readonly person: PersonRole;
  /** The last event that was made, and the last that was acknowledged: people write one thing after the other. */
  made: number;
  acknowledged: number;
}

/**
 * The platform, as it behaves: it signs, puts several people's events into one webhook, sends the same bytes again until
 * they are answered 200, and sometimes sends again what was taken. It keeps its own record of what was acknowledged.
 */
export class Upstream {
  readonly sequences: Sequence[];
  /** Events acknowledged, and webhooks. */
  acknowledged = 0;
  webhooks = 0;
  /** Webhooks that were sent again because they had no 200, and those sent again on purpose. */
  resent = 0;
  duplicated = 0;
  /** Answers by status; 0 stands for none. */
  readonly answers = new Map<number, number>();
  /** How long acknowledged webhooks took, in milliseconds, since the last `takeLatencies`. */
  #latencies: number[] = [];
  /** How far virtual time is ahead, in milliseconds. */
  clockOffsetMs = 0;
  /** Below 1, writers are slower by so much. */
  pace = 1;
  #writing: Promise<unknown> | null = null;
  #stopped = false;

  constructor(
    private readonly balancer: Balancer,
    private readonly faults: FaultsFound,
    private readonly random: Random,
    private readonly options: UpstreamOptions,
    firstPerson = 1,
  ) {
    this.sequences = Array.from({ length: options.people }, (_, index) => ({
      person: person(firstPerson + index),
      made: 0,
      acknowledged: 0,
    }));
  }

  start(): void {
    const { writers } = this.options;
    this.#writing = Promise.all(
      Array.from({ length: writers }, (_, writer) =>
        this.#write(
          this.sequences.filter((_sequence, index) => index % writers === writer),
          this.random.fork(`writer ${writer}`),
        ),
      ),
    );
  }

  /** Resolves when everybody has written once and is acknowledged. */
  async finished(): Promise<void> {
    await this.#writing;
  }

  /** No new events; resolves when everything begun is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  takeLatencies(): number[] {
    const taken = this.#latencies;
    this.#latencies = [];
    return taken;
  }

  async #write(own: readonly Sequence[], random: Random): Promise<void> {
    const { batchMax, eventsPerSecond, writers, duplicates, once } = this.options;
    const late: Promise<unknown>[] = [];
    let due = performance.now() + random.between(0, 200);
    // By channel, since one webhook has one `object`.
    const left =
      once === true
        ? Map.groupBy(own, ({ person: { channel } }) => channel)
            .values()
            .toArray()
        : null;
    while (!this.#stopped) {
      const group = left?.find((people) => people.length > 0)?.splice(0, batchMax);
      if (left !== null && group === undefined) return;
      const count = group?.length ?? 1 + random.below(batchMax);
      const { body, included } = this.#compose(group ?? own, count, random);
      await this.#insist(body);
      for (const [sequence, made] of included) sequence.acknowledged = made;
      this.acknowledged += count;
      this.webhooks += 1;
      if (random.chance(duplicates)) {
        this.duplicated += 1;
        // Beside what follows, and now and then through two instances at once.
        late.push(this.#send(body));
        if (random.chance(0.3)) late.push(this.#send(body));
        if (late.length > 20) await Promise.all(late.splice(0));
      }
      due = Math.max(due + (count * writers * 1_000) / (eventsPerSecond * this.pace), performance.now() - 1_000);
      await delay(Math.max(0, due - performance.now()));
    }
    await Promise.all(late);
  }

  /** Sends the same bytes until they are answered with 200. */
  async #insist(body: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const began = performance.now();
      const status = await this.#send(body);
      if (status === 200) {
        if (attempt === 1) this.#latencies.push(performance.now() - began);
        return;
      }
      if (attempt === 1) this.resent += 1;
      await delay(Math.min(50 * attempt, 400));
    }
  }

  async #send(body: string): Promise<number> {
    const reply = await this.balancer.send({
      method: 'POST',
      path: '/webhooks/meta',
      headers: {
        'content-type': 'application/json',
        'x-hub-signature-256': `sha256=${createHmac('sha256', metaAppSecret).update(body).digest('hex')}`,
      },
      body,
    });
    const status = reply === null || reply === 'no_answer' ? 0 : reply.status;
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    if (status !== 200 && status !== 503 && status !== 0) {
      this.faults.add(
        'I12',
        `a webhook was answered with ${status}: ${reply === null || reply === 'no_answer' ? '' : reply.text.slice(0, 200)}`,
      );
    }
    return status;
  }

  #compose(own: readonly Sequence[], count: number, random: Random) {
    const included = new Map<Sequence, number>();
    const entries = new Map<string, string[]>();
    const now = Date.now() + this.clockOffsetMs;
    const first = this.options.once === true ? own[0] : random.pick(own);
    if (first === undefined) throw new Error('there is nobody to write');
    for (let index = 0; index < count; index++) {
      // One webhook has one `object`; several events of a person stay in their order.
      const sequence = (this.options.once === true ? own[index] : index === 0 ? first : random.pick(own)) ?? first;
      const use = sequence.person.channel === first.person.channel ? sequence : first;
      use.made += 1;
      included.set(use, use.made);
      const business = businessIdOf(use.person);
      const items = entries.get(business) ?? [];
      items.push(item(use.person, use.made, now, random));
      entries.set(business, items);
    }
    const object = first.person.channel === 'instagram' ? 'instagram' : 'page';
    const all = [...entries].map(([id, items]) => `{"id":"${id}","time":${now},"messaging":[${items.join(',')}]}`);
    return { body: `{"object":"${object}","entry":[${all.join(',')}]}`, included };
  }
}

/** The stamp of one event: who wrote it and their how manieth it is. Unknown fields are kept, so it reaches the log. */
export function stampOf(number: number, sequence: number): string {
  return `"stamp":"${number}.${sequence}"`;
}

const stampPattern = /"stamp":"(\d+)\.(\d+)"/;

export function readStamp(payload: string): { number: number; sequence: number } | null {
  const match = stampPattern.exec(payload);
  return match === null ? null : { number: Number(match[1]), sequence: Number(match[2]) };
}

/** One thing a person did, as the platform reports it. */
function item(who: PersonRole, sequence: number, now: number, random: Random): string {
  const mid = `${who.channel === 'instagram' ? 'aWdf' : 'm_'}${who.number}_${sequence}`;
  const referral =
    `{"ref":"${ad.ref}","source":"ADS","type":"OPEN_THREAD","ad_id":"${ad.id}",` +
    `"ads_context_data":{"ad_title":"${ad.title}"}}`;
  const text = `${canary} \\ud83d\\ude00 \\u0000 ${sequence}`;
  const dice = random.next();
  const content =
    dice < 0.62
      ? `"message":{"mid":"${mid}","text":"${text}"}`
      : dice < 0.72
        ? `"message":{"mid":"${mid}","text":"${text}","referral":${referral}}`
        : dice < 0.8
          ? `"referral":${referral}`
          : dice < 0.88
            ? `"postback":{"mid":"${mid}","title":"Yes","payload":"YES"}`
            : dice < 0.94
              ? `"reaction":{"mid":"${mid}","action":"react","emoji":"x","reaction":"love"}`
              : `"read":{"watermark":${now}}`;
  return (
    `{"sender":{"id":"${who.psid}"},"recipient":{"id":"${businessIdOf(who)}"},"timestamp":${now},` +
    `${content},${stampOf(who.number, sequence)}}`
  );
}
