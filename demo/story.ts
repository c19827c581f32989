import { demo } from '../src/channels/simulator/demo-data.js';
import type { LogEntryView } from '../src/views/log.view.js';
import type { ThreadView } from '../src/views/thread.view.js';
import type { AdminClient } from './admin-client.js';
import type { BotReport } from './bot.js';
import type { Cast } from './cast.js';
import { DemoError } from './demo-error.js';

/** How long a webhook may take until the demo gives up, in milliseconds. */
const patienceMs = 15_000;

interface Page<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

/** One person's thread, played step by step: each is done, waited for until nothing more follows, and told. */
export class Story {
  readonly #thread: string;
  readonly #person: string;
  #step = 0;
  #before: ThreadView | null = null;
  #logged = 0;
  readonly #owed = new Map<string, number>();

  constructor(
    private readonly admin: AdminClient,
    private readonly cast: Cast,
    personId: string,
    private readonly print: (line: string) => void,
  ) {
    this.#thread = `threads/${demo.page}/${personId}`;
    this.#person = `simulator/pages/${demo.page}/people/${personId}`;
  }

  /** The person does something. */
  async person(what: string, action: object): Promise<void> {
    await this.#play(what, () => this.admin.post(`${this.#person}/actions`, action));
  }

  /** Somebody at the inbox does something. */
  async inbox(what: string, act: (threadPath: string) => Promise<unknown>): Promise<void> {
    await this.#play(what, () => act(this.#thread));
  }

  /** Time passes. */
  async time(what: string, advance: string): Promise<void> {
    await this.#play(what, () => this.admin.post('simulator/clock', { advance }));
  }

  /** Everything the person has in front of them at the end. */
  async transcript(): Promise<string[]> {
    interface Message {
      readonly app_id: string | null;
      readonly text: string | null;
    }
    const { data } = await this.admin.get<Page<Message>>(`${this.#person}/messages?limit=200`);
    return data.map(({ app_id, text }) => `${app_id === null ? 'Anna' : this.cast.nameOf(app_id)}: ${text ?? ''}`);
  }

  async #play(what: string, act: () => Promise<unknown>): Promise<void> {
    const reportsBefore = new Map([...this.cast.bots].map(([appId, bot]) => [appId, bot.reports.length]));
    await act();
    const entries = await this.#settle();
    const after = await this.admin.get<ThreadView>(this.#thread);

    this.print('');
    this.print(`${++this.#step}. ${what}`);
    this.print(`   owner     ${this.#ownerOf(this.#before)}  ->  ${this.#ownerOf(after)}`);
    let any = false;
    for (const [appId, bot] of this.cast.bots) {
      const reports = bot.reports.slice(reportsBefore.get(appId));
      if (reports.length === 0) continue;
      any = true;
      this.print(`   webhooks  ${this.cast.nameOf(appId)} got ${reports.map(nameOf).join(', ')}`);
    }
    if (!any) this.print('   webhooks  none');
    for (const entry of entries) this.#tell(entry);
    this.#before = after;
    const failure = [...this.cast.bots.values()]
      .flatMap((bot) => bot.reports)
      .find((report) => report.failure !== null);
    if (failure?.failure != null) throw new DemoError(`A bot's call was refused: ${failure.failure}`);
  }

  /** Waits until every webhook has arrived, and those that the bots' answers cause; returns what was logged meanwhile. */
  async #settle(): Promise<LogEntryView[]> {
    const entries: LogEntryView[] = [];
    for (;;) {
      const fresh = (await this.#log()).slice(this.#logged);
      if (fresh.length === 0) return entries;
      this.#logged += fresh.length;
      entries.push(...fresh);
      for (const { app_id } of fresh.flatMap(({ notices }) => notices)) {
        this.#owed.set(app_id, (this.#owed.get(app_id) ?? 0) + 1);
      }
      for (const [appId, bot] of this.cast.bots) await bot.handled(this.#owed.get(appId) ?? 0, patienceMs);
    }
  }

  async #log(): Promise<readonly LogEntryView[]> {
    return (await this.admin.get<Page<LogEntryView>>(`${this.#thread}/events?limit=1000`)).data;
  }

  #tell({ type, caller_app_id: caller, target_app_id: target, payload, at }: LogEntryView): void {
    const { message } = (payload ?? {}) as { message?: { text?: string } };
    switch (type) {
      case 'app.send':
        this.print(`   answer    ${this.cast.nameOf(caller)}: "${message?.text ?? ''}"`);
        break;
      case 'control.pass':
        this.print(`   control   ${this.cast.nameOf(caller)} passed the thread to ${this.cast.nameOf(target)}`);
        break;
      case 'control.release':
        this.print(`   control   ${this.cast.nameOf(caller)} released the thread`);
        break;
      case 'control.expired':
        this.print(`   control   ended by itself at ${at}`);
        break;
      default:
    }
  }

  #ownerOf(thread: ThreadView | null): string {
    const effective = thread === null ? demo.supportBot : thread.effective_owner_app_id;
    if (thread === null || thread.owner_app_id === null) {
      return `nobody (released; ${this.cast.nameOf(effective)} may answer)`;
    }
    return `${this.cast.nameOf(thread.owner_app_id)} (${thread.state})`;
  }
}

function nameOf({ list, kind }: BotReport): string {
  return list === 'standby' ? `${kind} on standby` : kind;
}
