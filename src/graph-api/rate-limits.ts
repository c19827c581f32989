import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Settings } from '../config/settings.js';
import type { AppId, PageId } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';
import { ConversationStore } from '../store/conversation.store.js';
import type { Caller, SetHeader } from './graph-call.js';
import { GraphError } from './graph-error.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How often a kind of call may be made in a stretch of time. */
interface Limit {
  readonly max: number;
  readonly windowMs: number;
}

/** The platform's own limits for one page, and for calls an app makes with its own token. */
const limits = {
  sends: { max: 300, windowMs: second },
  media: { max: 10, windowMs: second },
  conversations: { max: 2, windowMs: second },
  profile: { max: 10, windowMs: 10 * minute },
  app: { max: 200, windowMs: hour },
} as const satisfies Record<string, Limit>;

/** These grow with the people who have been in touch within the last 24 hours; a page always has at least one's worth. */
const sendsPerPerson = 200;
const callsPerPerson = 4800;
/** People are counted again after this time: it reads the page's threads. */
const peopleCountedForMs = minute;

interface Window {
  readonly startedAt: number;
  count: number;
}

/**
 * The platform's rate limits, if the setting asks for them: a call beyond one is refused with the platform's error, and
 * every answer tells how much is used up. Each instance counts by itself, in windows that begin with a first call, on the
 * server's clock, which in an emulator can be moved; libraries for this go by the machine's.
 */
@Injectable()
export class RateLimits {
  readonly #windows = new Map<string, Window>();
  readonly #people = new Map<string, { readonly countedAt: number; readonly count: number }>();

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly conversations: ConversationStore,
  ) {}

  /** Counts a call, whatever it is. @throws GraphError beyond the limit of the page or the app. */
  async countCall(caller: Caller): Promise<void> {
    if (!this.#on) return;
    if (caller.kind === 'app') {
      if (!this.#take(appKey(caller.app.appId), limits.app)) throw new GraphError('app_limit_reached');
      return;
    }
    const { pageId } = caller.page;
    if (!this.#take(pageKey(pageId), await this.#callLimit(pageId))) throw new GraphError('page_limit_reached');
  }

  /** Counts a send; `media`: audio or video, of which there may be fewer. @throws GraphError beyond a limit. */
  async countSend(pageId: PageId, channel: Channel, media: boolean): Promise<void> {
    if (!this.#on) return;
    const inTime =
      this.#take(`${pageId} sends`, limits.sends) && (!media || this.#take(`${pageId} media`, limits.media));
    if (!inTime) throw new GraphError(channel === 'instagram' ? 'rate_limit_reached_instagram' : 'rate_limit_reached');
    if (!this.#take(accountKey(pageId, channel), await this.#sendLimit(pageId, channel))) {
      throw new GraphError(channel === 'instagram' ? 'account_limit_reached_instagram' : 'account_limit_reached');
    }
  }

  /** Counts a call of a kind that has a limit of its own. @throws GraphError beyond it. */
  count(pageId: PageId, kind: 'conversations' | 'profile'): void {
    if (this.#on && !this.#take(`${pageId} ${kind}`, limits[kind])) throw new GraphError('rate_limit_reached');
  }

  /** Tells with an answer how much of the limits is used up, in percent. Behind a gateway the platform says so itself. */
  async tellUsage(caller: Caller, setHeader: SetHeader): Promise<void> {
    if (!this.#on || this.settings.gateway) return;
    if (caller.kind === 'app') {
      setHeader('x-app-usage', JSON.stringify(usage(this.#used(appKey(caller.app.appId), limits.app))));
      return;
    }
    const { pageId, instagramId } = caller.page;
    setHeader('x-page-usage', JSON.stringify(usage(this.#used(pageKey(pageId), await this.#callLimit(pageId)))));
    const channels: readonly Channel[] = instagramId === null ? ['messenger'] : ['messenger', 'instagram'];
    const cases = await Promise.all(
      channels.map(async (channel) => {
        const key = accountKey(pageId, channel);
        const percent = this.#used(key, await this.#sendLimit(pageId, channel));
        const regain = percent < 100 ? 0 : Math.ceil(this.#endsIn(key, day) / minute);
        return { type: channel, ...usage(percent), estimated_time_to_regain_access: regain };
      }),
    );
    setHeader('x-business-use-case-usage', JSON.stringify({ [pageId]: cases }));
  }

  get #on(): boolean {
    return this.settings.values.RATE_LIMITS === 'platform';
  }

  /** Counts one more, unless it would be one too many. */
  #take(key: string, limit: Limit): boolean {
    const window = this.#windowOf(key, limit.windowMs);
    if (window.count >= limit.max) return false;
    window.count += 1;
    return true;
  }

  #windowOf(key: string, windowMs: number): Window {
    const now = this.clock.now();
    const known = this.#windows.get(key);
    if (known !== undefined && now < known.startedAt + windowMs) return known;
    const begun = { startedAt: now, count: 0 };
    this.#windows.set(key, begun);
    return begun;
  }

  #used(key: string, { max, windowMs }: Limit): number {
    return Math.floor((100 * this.#windowOf(key, windowMs).count) / max);
  }

  #endsIn(key: string, windowMs: number): number {
    return this.#windowOf(key, windowMs).startedAt + windowMs - this.clock.now();
  }

  async #sendLimit(pageId: PageId, channel: Channel): Promise<Limit> {
    return { max: sendsPerPerson * (await this.#peopleOf(pageId, channel)), windowMs: day };
  }

  async #callLimit(pageId: PageId): Promise<Limit> {
    const people = await Promise.all([this.#peopleOf(pageId, 'messenger'), this.#peopleOf(pageId, 'instagram')]);
    return { max: callsPerPerson * Math.max(...people), windowMs: day };
  }

  async #peopleOf(pageId: PageId, channel: Channel): Promise<number> {
    const now = this.clock.now();
    const key = accountKey(pageId, channel);
    const known = this.#people.get(key);
    if (known !== undefined && now < known.countedAt + peopleCountedForMs) return known.count;
    const count = Math.max(1, await this.conversations.countEngaged(pageId, channel, now - day));
    this.#people.set(key, { countedAt: now, count });
    return count;
  }
}

const appKey = (appId: AppId): string => `app ${appId}`;
const pageKey = (pageId: PageId): string => `page ${pageId}`;
const accountKey = (pageId: PageId, channel: Channel): string => `${pageId} ${channel}`;

/** The platform counts time as well; here only calls cost anything. */
function usage(percent: number) {
  return { call_count: percent, total_cputime: 0, total_time: 0 };
}
