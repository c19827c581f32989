import { isGraphId, pageId, type InstagramId, type PageId, type ThreadKey } from '../domain/ids.js';
import type { Cause } from '../domain/log.js';
import type { Channel } from '../domain/page.js';
import { toWireJson } from '../domain/wire-json.js';
import type { Submission } from '../routing/submission.js';
import type { Configuration } from '../store/configuration.js';
import type { Quarantined } from '../store/quarantine.store.js';
import {
  isEcho,
  isHandover,
  readEchoItem,
  readHandoverItem,
  readInboundItem,
  type EchoItem,
  type HandoverItem,
  type UnroutableItem,
} from './inbound-item.js';

/** Older events are not routed: the log forgets what it has seen after this time, so they might be repetitions. */
export const staleAfterMs = 8 * 24 * 60 * 60 * 1000;
/** An event this far in the future has a timestamp in another unit, or its sender's clock is wrong. */
export const futureToleranceMs = 60 * 60 * 1000;

type UnroutableReason =
  UnroutableItem | 'unknown_object' | 'malformed_entry' | 'unknown_page' | 'stale' | 'in_the_future';

/** An echo whose sender has to be looked up. */
export interface PendingEcho extends EchoItem {
  readonly key: ThreadKey;
  readonly channel: Channel;
  readonly traceId: string;
}

/** An event that the platform reports in standby: another of the page's apps there has the thread. */
export interface StandbyEvent extends Submission {
  /** That the thread is somebody else's. */
  readonly take: Submission;
}

/** One event, or an echo whose sender has to be found out. */
export type SplitItem = Submission | StandbyEvent | PendingEcho;

/** A webhook's body, split: every item of it is in one of the two lists. */
export interface SplitBody {
  readonly submissions: readonly SplitItem[];
  readonly quarantined: readonly Quarantined[];
}

/** What a body is read against. */
export interface SplitContext {
  readonly configuration: Configuration;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly traceId: string;
  /** Our app's id at the platform, if it is known. */
  readonly metaAppId: string | null;
}

/** Splits a parsed body into one submission an event, in the order of the body. One bad item costs no other. */
export function splitBody(body: object, { configuration, now, traceId, metaAppId }: SplitContext): SplitBody {
  const submissions: SplitItem[] = [];
  const quarantined: Quarantined[] = [];
  const cause = { by: 'person', traceId } as const;
  const channel = channelOf(body);
  const entries: unknown = Reflect.get(body, 'entry');
  if (channel === null || !Array.isArray(entries)) {
    quarantined.push(quarantine(channel === null ? 'unknown_object' : 'malformed_entry', null, body));
    return { submissions, quarantined };
  }
  for (const entry of entries as readonly unknown[]) {
    const items = isObject(entry) ? itemsOf(entry) : [];
    const id: unknown = isObject(entry) ? Reflect.get(entry, 'id') : undefined;
    if (!isObject(entry) || typeof id !== 'string') {
      quarantined.push(quarantine('malformed_entry', null, entry));
      continue;
    }
    const found = isGraphId(id) ? pageOf(id, channel, configuration) : null;
    if (items === null) {
      // `changes`: what is no message.
      quarantined.push(quarantine(found === null ? 'unknown_page' : 'not_routed_yet', found, entry));
      continue;
    }
    for (const { item, inStandby } of items) {
      if (found === null) {
        quarantined.push(quarantine('unknown_page', null, item));
        continue;
      }
      const read = isEcho(item)
        ? readEchoItem(item, id)
        : isHandover(item)
          ? readHandoverItem(item, metaAppId)
          : readInboundItem(item, channel, id);
      if (typeof read === 'string') {
        quarantined.push(quarantine(read, found, item));
      } else if (read.occurredAt < now - staleAfterMs || read.occurredAt > now + futureToleranceMs) {
        const reason = read.occurredAt < now ? 'stale' : 'in_the_future';
        quarantined.push({ reason, pageId: found, payload: 'item' in read ? read.payload : read.event.payload });
      } else if ('item' in read) {
        submissions.push({ ...read, key: { pageId: found, psid: read.psid }, channel, traceId });
      } else {
        const { psid, event, sourceId, occurredAt } = read;
        const submission = {
          key: { pageId: found, psid },
          channel,
          events: [{ event, sourceId, occurredAt }],
          cause: 'newOwner' in read ? handoverCause(read, traceId) : cause,
        };
        submissions.push(inStandby ? { ...submission, take: takeOf(submission, event.payload, traceId) } : submission);
      }
    }
  }
  return { submissions, quarantined };
}

interface FoundItem {
  readonly item: unknown;
  readonly inStandby: boolean;
}

/** The items of an entry in their order; null if it has none. What the entry says of earlier owners is kept with each. */
function itemsOf(entry: object): FoundItem[] | null {
  const { messaging, standby, hop_context } = entry as Readonly<Record<string, unknown>>;
  if (!Array.isArray(messaging) && !Array.isArray(standby)) return null;
  const withContext = (item: unknown) =>
    hop_context === undefined || !isObject(item) ? item : { ...item, hop_context };
  const found = (list: unknown, inStandby: boolean) =>
    Array.isArray(list) ? list.map((item: unknown) => ({ item: withContext(item), inStandby })) : [];
  return [...found(messaging, false), ...found(standby, true)];
}

/** That somebody else at the platform has the thread, as an event of its own. */
function takeOf({ key, channel, events }: Submission, payload: string, traceId: string): Submission {
  return {
    key,
    channel,
    events: events.map(({ sourceId, occurredAt }) => ({
      event: { type: 'outside.take', payload },
      sourceId: `outside.take:${sourceId}`,
      occurredAt,
    })),
    cause: { by: 'system', reason: 'The platform reports the thread in standby: another app there has it.', traceId },
  };
}

function handoverCause({ event, newOwner }: HandoverItem, traceId: string): Cause {
  const reason =
    event.type === 'outside.return'
      ? 'The platform gave the thread back.'
      : `The platform gave the thread to ${newOwner === null ? 'somebody else' : `its app ${newOwner}`}.`;
  return { by: 'system', reason, traceId };
}

function channelOf(body: object): Channel | null {
  switch (Reflect.get(body, 'object')) {
    case 'page':
      return 'messenger';
    case 'instagram':
      return 'instagram';
    default:
      return null;
  }
}

function pageOf(id: string, channel: Channel, { pages, pagesByInstagram }: Configuration): PageId | null {
  // `id` was checked to have the form of both kinds of ids.
  if (channel === 'instagram') return pagesByInstagram.get(id as InstagramId) ?? null;
  return pages.has(pageId(id)) ? pageId(id) : null;
}

function quarantine(reason: UnroutableReason, page: PageId | null, value: unknown): Quarantined {
  return { reason, pageId: page, payload: evidence(value) };
}

/** What came in as wire JSON; null stands for what is nested too deep to be written. */
function evidence(value: unknown): string {
  try {
    return toWireJson(value);
  } catch (error) {
    if (error instanceof RangeError) return 'null';
    throw error;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
