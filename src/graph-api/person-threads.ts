import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { Psid } from '../domain/ids.js';
import { asOf } from '../domain/thread/decide.js';
import type { Thread } from '../domain/thread/thread.js';
import { LogStore } from '../store/log.store.js';
import type { PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';

/** The threads of the page a call is about, as they stand now: everything overdue applied, nothing written. */
@Injectable()
export class PersonThreads {
  constructor(
    private readonly log: LogStore,
    private readonly clock: Clock,
  ) {}

  /** Null if the person has never been in touch with the page, or only on a channel the call does not mean. */
  async find({ caller, onlyChannel }: Pick<PageCall, 'caller' | 'onlyChannel'>, psid: Psid): Promise<Thread | null> {
    const thread = await this.log.findThread({ pageId: caller.page.pageId, psid });
    if (thread === null || (onlyChannel !== null && thread.channel !== onlyChannel)) return null;
    return asOf(thread, caller.page, this.clock.now());
  }

  /** @throws GraphError if there is no such person. */
  async get(call: Pick<PageCall, 'caller' | 'onlyChannel'>, psid: Psid): Promise<Thread> {
    const thread = await this.find(call, psid);
    if (thread === null) throw unknownPerson(call);
    return thread;
  }
}

export function unknownPerson({ onlyChannel }: Pick<PageCall, 'onlyChannel'>): GraphError {
  return new GraphError(onlyChannel === 'instagram' ? 'person_unknown_instagram' : 'person_unknown');
}
