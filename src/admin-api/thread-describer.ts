import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { Clock } from '../clock/clock.js';
import { Settings } from '../config/settings.js';
import { personNames } from '../domain/person-names.js';
import type { Thread } from '../domain/thread/thread.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { instant } from '../views/instant.js';
import { threadView } from '../views/thread.view.js';
import type { describedThreadSchema } from './thread-describer.view.js';

export type DescribedThread = z.infer<typeof describedThreadSchema>;

/** Threads as they stand, with what people want to see beside that. */
@Injectable()
export class ThreadDescriber {
  constructor(
    private readonly configuration: ConfigurationCache,
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  /** As it stands at a time, by default now; null for a thread of a page that is gone. */
  describe(thread: Thread, at = this.clock.now()): DescribedThread | null {
    const page = this.configuration.current().pages.get(thread.pageId);
    if (page === undefined) return null;
    return {
      ...threadView(thread, page, at),
      name: this.settings.gateway ? null : personNames(thread.psid, thread.channel).full,
      last_event_at: instant(thread.lastAt),
    };
  }
}
