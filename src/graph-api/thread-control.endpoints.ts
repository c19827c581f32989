import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { appId, type AppId } from '../domain/ids.js';
import type { ThreadEvent } from '../domain/thread/thread.events.js';
import { ThreadRouter } from '../routing/thread-router.js';
import { GraphEndpoints, type GraphRoute, type PageCall } from './graph-call.js';
import { expectApplied } from './outcome.js';
import { readGraphId, readText } from './parameter-values.js';
import { PersonThreads } from './person-threads.js';
import { readRecipient } from './recipient.js';

const metadataLengthMax = 1000;

/**
 * The Handover Protocol's verbs. All of them go to the thread's machine, which allows pass and release to the owner and
 * refuses the others.
 */
@Injectable()
export class ThreadControlEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    this.verb('pass_thread_control', (callerAppId, call) => {
      const target = readGraphId(call.parameters, 'target_app_id', 'target_app_id');
      const targetAppId = target === null ? null : appId(target);
      const metadata = readText(call.parameters, 'metadata', 'metadata', metadataLengthMax);
      return { type: 'control.pass', callerAppId, targetAppId, metadata };
    }),
    this.verb('release_thread_control', (callerAppId) => ({ type: 'control.release', callerAppId })),
    this.verb('take_thread_control', (callerAppId) => ({ type: 'control.take', callerAppId })),
    this.verb('request_thread_control', (callerAppId) => ({ type: 'control.request', callerAppId })),
    this.verb('extend_thread_control', (callerAppId) => ({ type: 'control.extend', callerAppId })),
    this.verb('pass_thread_metadata', (callerAppId) => ({ type: 'control.pass_metadata', callerAppId })),
  ];

  constructor(
    private readonly threads: PersonThreads,
    private readonly router: ThreadRouter,
  ) {
    super();
  }

  private verb(edge: string, toEvent: (callerAppId: AppId, call: PageCall) => ThreadEvent): GraphRoute {
    const answer = async (call: PageCall) => {
      const psid = readRecipient(call.parameters);
      const callerAppId = call.caller.app.appId;
      const event = toEvent(callerAppId, call);
      const { channel } = await this.threads.get(call, psid);
      const outcome = await this.router.dispatch({
        key: { pageId: call.caller.page.pageId, psid },
        channel,
        events: [{ event, sourceId: `${event.type}:${randomUUID()}`, occurredAt: null }],
        cause: { by: 'app', appId: callerAppId, traceId: call.traceId },
      });
      expectApplied(outcome, channel);
      return { success: true };
    };
    return { node: 'page', verb: 'POST', edge, answer };
  }
}
