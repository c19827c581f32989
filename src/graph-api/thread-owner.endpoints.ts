import { Injectable } from '@nestjs/common';
import type { AppId } from '../domain/ids.js';
import { defaultAppOf, type Page } from '../domain/page.js';
import type { Thread } from '../domain/thread/thread.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { PersonThreads } from './person-threads.js';
import { readRecipient } from './recipient.js';

/** Who controls a thread, as far as the caller may know. */
@Injectable()
export class ThreadOwnerEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'thread_owner', answer: (call) => this.find(call) },
  ];

  constructor(private readonly threads: PersonThreads) {
    super();
  }

  private async find(call: PageCall): Promise<object> {
    const { app, page } = call.caller;
    const thread = await this.threads.find(call, readRecipient(call.parameters));
    const owner = thread === null ? null : threadOwner(thread, page, app.appId);
    return { data: owner === null ? [] : [{ thread_owner: owner }] };
  }
}

/**
 * The owner and the default app learn which app it is, everyone else only until when. While a thread is released only
 * the default app gets an answer: it is the owner, without end. `expiration` is in seconds since 1970.
 */
export function threadOwner(
  thread: Thread,
  page: Page,
  callerAppId: AppId,
): { app_id?: string; expiration?: number } | null {
  const isDefaultApp = callerAppId === defaultAppOf(page, thread.channel);
  const { ownerAppId, deadlineAt } = thread;
  if (ownerAppId === null) return isDefaultApp ? { app_id: callerAppId } : null;
  const expiration = deadlineAt === null ? {} : { expiration: Math.floor(deadlineAt / 1000) };
  return isDefaultApp || callerAppId === ownerAppId ? { app_id: ownerAppId, ...expiration } : expiration;
}
