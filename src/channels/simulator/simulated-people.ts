import { Injectable } from '@nestjs/common';
import { Problem } from '../../admin-auth/problem.js';
import { Clock } from '../../clock/clock.js';
import type { ThreadKey } from '../../domain/ids.js';
import type { LogRow } from '../../domain/log.js';
import { businessIdOf, type Channel, type Page } from '../../domain/page.js';
import { asOf } from '../../domain/thread/decide.js';
import type { Thread } from '../../domain/thread/thread.js';
import type { UserEvent } from '../../domain/thread/thread.events.js';
import { readInboundItem } from '../../ingress/inbound-item.js';
import type { Outcome } from '../../routing/submission.js';
import { ThreadRouter } from '../../routing/thread-router.js';
import { ConfigStore } from '../../store/config.store.js';
import { ConfigurationCache } from '../../store/configuration.cache.js';
import { LogStore } from '../../store/log.store.js';
import { MessengerProfileStore } from '../../store/messenger-profile.store.js';
import { newMid } from '../message-id.js';
import { readAdTemplate, type AdTemplate } from './ad-template.js';
import type { PersonAction } from './person-action.js';
import { personItem, type PersonItem } from './person-item.js';
import { personProfile, type PersonProfile } from './person-profile.js';
import { Transcript } from './transcript.js';

/** What an action led to. */
export interface ActionResult {
  readonly thread: Thread;
  readonly rows: readonly LogRow[];
}

const rowsAtOnce = 500;

/** Simulated people: what they do goes the way of a real webhook, from the platform's item on. */
@Injectable()
export class SimulatedPeople {
  constructor(
    private readonly router: ThreadRouter,
    private readonly configuration: ConfigurationCache,
    private readonly configStore: ConfigStore,
    private readonly log: LogStore,
    private readonly clock: Clock,
    private readonly profiles: MessengerProfileStore,
  ) {}

  /** Does what a person does. Throws a Problem for what cannot be done, RouterBusyError when nothing can be now. */
  async act(key: ThreadKey, action: PersonAction, traceId: string): Promise<ActionResult> {
    const page = this.#page(key);
    const thread = await this.log.findThread(key);
    const channel = channelOf(key, page, thread, action.channel);

    const templates = await this.#templates(key, [entryAd(action), thread?.pendingReferral?.adId ?? null]);
    const done = personItem(action, {
      page,
      channel,
      psid: key.psid,
      thread,
      transcript: needsTranscript(action) ? await this.#read(key) : new Transcript(),
      profile: await this.#profile(key, page, channel, thread),
      template: (adId) => templates.get(adId) ?? readAdTemplate(null),
      newMid: newMid(channel),
      at: this.clock.now(),
    });
    return this.#submit(key, channel, page, action, done, traceId);
  }

  /** What the person has in front of them. */
  async transcript(key: ThreadKey): Promise<Transcript> {
    this.#page(key);
    if ((await this.log.findThread(key)) === null) {
      throw new Problem(
        'thread_not_found',
        `Nobody with the id ${key.psid} has been in touch with page ${key.pageId}.`,
      );
    }
    return this.#read(key);
  }

  /** What the apps of the page show a person around their conversation. */
  async profile(key: ThreadKey, wanted?: Channel): Promise<PersonProfile> {
    const page = this.#page(key);
    const thread = await this.log.findThread(key);
    return this.#profile(key, page, channelOf(key, page, thread, wanted), thread);
  }

  async #profile(key: ThreadKey, page: Page, channel: Channel, thread: Thread | null): Promise<PersonProfile> {
    const now = thread === null ? null : asOf(thread, page, this.clock.now());
    const menus = (await this.profiles.listPersonMenus(key)).map((menu) => ({ ...menu, property: 'persistent_menu' }));
    // Before those for everybody, of which the same app's would otherwise be found first.
    const properties = [...menus, ...(await this.profiles.list(page.pageId, channel))];
    return personProfile(properties, page, channel, now);
  }

  async #submit(
    key: ThreadKey,
    channel: Channel,
    page: Page,
    action: PersonAction,
    { item, buttonAppId }: PersonItem,
    traceId: string,
  ): Promise<ActionResult> {
    const inbound = readInboundItem(item, channel, businessIdOf(page, channel));
    if (typeof inbound === 'string') throw new Error(`a simulated event cannot be read: ${inbound}`);
    const type: UserEvent['type'] = action.type === 'get_started' ? 'user.get_started' : inbound.event.type;
    const outcome = await this.router.dispatch({
      key,
      channel,
      events: [
        {
          event: { ...inbound.event, type, buttonAppId },
          sourceId: inbound.sourceId,
          occurredAt: inbound.occurredAt,
        },
      ],
      cause: { by: 'person', traceId },
    });
    return this.#result(key, outcome);
  }

  async #result(key: ThreadKey, outcome: Outcome): Promise<ActionResult> {
    switch (outcome.result) {
      case 'applied':
        return { thread: outcome.thread, rows: outcome.rows };
      case 'duplicate': {
        // The same in the same millisecond: it happened once.
        const last = outcome.rows.at(-1);
        if (last === undefined) throw new Error('a duplicate has no rows');
        return { thread: (await this.log.findThread(key)) ?? last.thread, rows: outcome.rows };
      }
      case 'unknown_page':
        throw pageNotFound(key);
      case 'wrong_channel':
        throw wrongChannel(key, outcome.channel);
      case 'quarantined':
        throw new Problem('not_storable', `The event cannot be stored: ${outcome.reason}.`);
      default:
        throw new Error(`a person's event came back as ${outcome.result}`);
    }
  }

  #page(key: ThreadKey): Page {
    const page = this.configuration.current().pages.get(key.pageId);
    if (page === undefined) throw pageNotFound(key);
    return page;
  }

  async #templates(key: ThreadKey, adIds: readonly (string | null)[]): Promise<Map<string, AdTemplate>> {
    const templates = new Map<string, AdTemplate>();
    for (const adId of adIds) {
      if (adId === null || templates.has(adId)) continue;
      const route = await this.configStore.findRoute(key.pageId, 'ad', adId);
      templates.set(adId, readAdTemplate(route?.template ?? null));
    }
    return templates;
  }

  async #read(key: ThreadKey): Promise<Transcript> {
    const transcript = new Transcript();
    for (let after = 0; ;) {
      const rows = await this.log.rowsOfThread(key, after, rowsAtOnce);
      for (const row of rows) transcript.add(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return transcript;
      after = last.id;
    }
  }
}

/** The channel a person is on, which an action may name. Throws a Problem if they cannot be on it. */
function channelOf(key: ThreadKey, page: Page, thread: Thread | null, wanted: Channel | undefined): Channel {
  const channel = wanted ?? thread?.channel ?? 'messenger';
  if (channel === 'instagram' && page.instagramId === null) {
    throw new Problem('instagram_not_linked', `Page ${key.pageId} has no Instagram account: set one with PUT.`);
  }
  if (thread !== null && thread.channel !== channel) throw wrongChannel(key, thread.channel);
  return channel;
}

function entryAd(action: PersonAction): string | null {
  return 'ad_id' in action ? (action.ad_id ?? null) : null;
}

/** Whether the action is about something the person sees. */
function needsTranscript(action: PersonAction): boolean {
  switch (action.type) {
    case 'tap_ad':
    case 'open_link':
    case 'get_started':
    case 'opt_in':
      return false;
    case 'message':
      return action.reply_to !== undefined;
    default:
      return true;
  }
}

function pageNotFound({ pageId }: ThreadKey): Problem {
  return new Problem('page_not_found', `There is no page ${pageId}.`);
}

function wrongChannel({ pageId, psid }: ThreadKey, channel: Channel): Problem {
  const name = channel === 'instagram' ? 'Instagram' : 'Messenger';
  return new Problem('wrong_channel', `Person ${psid} of page ${pageId} is on ${name}.`);
}
