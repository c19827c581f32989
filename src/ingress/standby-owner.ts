import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { inboxOf } from '../domain/page.js';
import { asOf, effectiveOwnerOf } from '../domain/thread/decide.js';
import type { Submission } from '../routing/submission.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { LogStore } from '../store/log.store.js';
import type { StandbyEvent } from './webhook-body.js';

/**
 * What it means that the platform reports an event in standby: another of the page's apps there has the thread. The
 * inbox stands for it, and takes the thread before anything is told of the event, unless the page wants otherwise.
 */
@Injectable()
export class StandbyOwner {
  constructor(
    private readonly log: LogStore,
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
  ) {}

  /** The event, and what follows from where it was reported, in order. */
  async before(event: StandbyEvent): Promise<readonly Submission[]> {
    const { key, channel, take } = event;
    const page = this.configuration.current().pages.get(key.pageId);
    const inbox = page === undefined || channel === null ? null : inboxOf(page, channel);
    if (inbox === null || page?.outsideReplies !== 'inbox_takes') return [event];
    const thread = await this.log.findThread(key);
    // Only what a person does begins a thread.
    if (thread === null) return [event, take];
    const owner = effectiveOwnerOf(asOf(thread, page, this.clock.now()), page);
    return owner === inbox ? [event] : [take, event];
  }
}
