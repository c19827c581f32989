import { Injectable } from '@nestjs/common';
import { isGraphId, psid } from '../domain/ids.js';
import { asOf, effectiveOwnerOf } from '../domain/thread/decide.js';
import { messagingWindowEndsAt } from '../domain/messaging-window.js';
import type { Thread } from '../domain/thread/thread.js';
import { Clock } from '../clock/clock.js';
import { ConversationStore, type ConversationPosition } from '../store/conversation.store.js';
import { conversationId, personOfConversation } from './conversation-id.js';
import { graphTime, messageView, midOfRow, participants, textOfRow, type Sides } from './conversation-view.js';
import { readAskedFields } from './field-expansion.js';
import { GraphEndpoints, type Caller, type GraphRoute, type ObjectCall, type PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { listAnswer, readPaging } from './paging.js';
import { readText, type Fields } from './parameter-values.js';
import { PersonThreads } from './person-threads.js';
import { readPlatform } from './platform.js';
import { RateLimits } from './rate-limits.js';

/** How many of a conversation's messages have details, the newest. */
const detailedMax = 20;

type PageCaller = Extract<Caller, { kind: 'page' }>;

/** What was said on a page, as its inbox shows it, read from the log. */
@Injectable()
export class ConversationsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'conversations', answer: (call) => this.list(call) },
    { node: 'conversation', verb: 'GET', edge: null, answer: (call) => this.get(call) },
    { node: 'conversation', verb: 'GET', edge: 'messages', answer: (call) => this.listMessages(call) },
    { node: 'message', verb: 'GET', edge: null, answer: (call) => this.getMessage(call) },
  ];

  constructor(
    private readonly conversations: ConversationStore,
    private readonly threads: PersonThreads,
    private readonly clock: Clock,
    private readonly limits: RateLimits,
  ) {
    super();
  }

  /** Newest first; with `user_id`, the conversation with that person. */
  private async list(call: PageCall): Promise<object> {
    const { caller, parameters } = call;
    this.limits.count(caller.page.pageId, 'conversations');
    const channel = readPlatform(call);
    const { after, limit } = readPaging(parameters);
    const userId = readText(parameters, 'user_id', 'user_id', 100);
    let threads: Thread[];
    if (userId === null) {
      threads = await this.conversations.list(caller.page.pageId, channel, positionOf(after), limit);
    } else {
      const thread = isGraphId(userId) ? await this.threads.find(call, psid(userId)) : null;
      threads = thread?.channel === channel && after === '' ? [thread] : [];
    }
    const views = new Map<Thread, object>();
    for (const thread of threads) views.set(thread, await this.view(thread, caller, parameters));
    return listAnswer(
      threads,
      ({ lastAt, psid: person }) => `${lastAt}:${person}`,
      (thread) => views.get(thread) ?? {},
    );
  }

  private async get({ caller, objectId, parameters }: ObjectCall): Promise<object> {
    return this.view(await this.threadOf(caller, objectId), caller, parameters);
  }

  private async listMessages({ caller, objectId, parameters }: ObjectCall): Promise<object> {
    return this.messages(await this.threadOf(caller, objectId), caller, parameters, null);
  }

  private async getMessage({ caller, objectId, parameters }: ObjectCall): Promise<object> {
    const { page } = caller;
    const row = await this.conversations.findMessage(page.pageId, objectId);
    if (row === null) throw new GraphError('unsupported_request', 'GET', objectId);
    const sides = { page, channel: row.thread.channel, person: row.psid };
    const newer = await this.conversations.messages(row, Number.MAX_SAFE_INTEGER, detailedMax);
    const detailed = newer.some(({ id }) => id === row.id);
    return messageView(row, sides, parameters, detailed);
  }

  private async threadOf(caller: PageCaller, id: string): Promise<Thread> {
    const person = personOfConversation(id);
    const thread = person === null ? null : await this.threads.find({ caller, onlyChannel: null }, person);
    if (thread === null || conversationId(thread.channel, thread.psid) !== id) {
      throw new GraphError('unsupported_request', 'GET', id);
    }
    return thread;
  }

  private async view(thread: Thread, caller: PageCaller, parameters: Fields): Promise<object> {
    const { page, app } = caller;
    const { channel, psid: person } = thread;
    const sides: Sides = { page, channel, person };
    const now = this.clock.now();
    const view: Record<string, unknown> = {};
    for (const asked of readAskedFields(parameters, ['id', 'updated_time'])) {
      switch (asked.name) {
        case 'id':
          break;
        case 'link':
          view['link'] = `/${page.pageId}/inbox/${person}/`;
          break;
        case 'updated_time':
          view['updated_time'] = graphTime(thread.lastAt);
          break;
        case 'participants':
          view['participants'] = { data: participants(sides) };
          break;
        case 'senders':
          view['senders'] = { data: participants(sides) };
          break;
        case 'is_owner':
          view['is_owner'] = effectiveOwnerOf(asOf(thread, page, now), page) === app.appId;
          break;
        case 'can_reply':
          view['can_reply'] = (messagingWindowEndsAt(thread.lastUserEventAt, false) ?? 0) > now;
          break;
        case 'message_count':
          view['message_count'] = await this.conversations.countMessages(thread);
          break;
        case 'unread_count':
          view['unread_count'] = await this.conversations.countUnread(thread);
          break;
        case 'snippet': {
          const [newest] = await this.conversations.messages(thread, Number.MAX_SAFE_INTEGER, 1);
          view['snippet'] = newest === undefined ? '' : textOfRow(newest);
          break;
        }
        case 'messages':
          view['messages'] = await this.messages(thread, caller, asked.parameters, asked.limit);
          break;
        default:
          throw new GraphError(
            'invalid_parameter',
            `Tried accessing nonexisting field (${asked.name}) on node type (UnifiedThread)`,
          );
      }
    }
    return { ...view, id: conversationId(channel, person) };
  }

  /** A conversation's messages, newest first. */
  private async messages(
    thread: Thread,
    { page }: PageCaller,
    parameters: Fields,
    limit: number | null,
  ): Promise<object> {
    const paging = readPaging(limit === null ? parameters : { ...parameters, limit });
    const before = paging.after === '' ? Number.MAX_SAFE_INTEGER : Number(paging.after);
    if (!Number.isInteger(before)) throw new GraphError('invalid_parameter', 'Param after must be a cursor');
    const rows = await this.conversations.messages(thread, before, paging.limit);
    const newest = await this.conversations.messages(thread, Number.MAX_SAFE_INTEGER, detailedMax);
    const detailed = new Set(newest.map((row) => row.id));
    const sides = { page, channel: thread.channel, person: thread.psid };
    return listAnswer(
      rows.filter((row) => midOfRow(row) !== null),
      ({ id }) => String(id),
      (row) => messageView(row, sides, parameters, detailed.has(row.id)),
    );
  }
}

/** Where a cursor leads to; null: the beginning. */
function positionOf(cursor: string): ConversationPosition | null {
  if (cursor === '') return null;
  const [, updatedAt, person] = /^(\d{1,15}):([1-9]\d{0,19})$/.exec(cursor) ?? [];
  if (updatedAt === undefined || person === undefined) {
    throw new GraphError('invalid_parameter', 'Param after must be a cursor');
  }
  return { updatedAt: Number(updatedAt), psid: psid(person) };
}
