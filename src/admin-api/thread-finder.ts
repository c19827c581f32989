import { Injectable } from '@nestjs/common';
import { Problem } from '../admin-auth/problem.js';
import { appId, type PageId, type ThreadKey } from '../domain/ids.js';
import type { Page } from '../domain/page.js';
import type { Thread } from '../domain/thread/thread.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { LogStore } from '../store/log.store.js';

/** Pages and threads by id, for routes that need them; what is not there is answered as such. */
@Injectable()
export class ThreadFinder {
  constructor(
    private readonly configuration: ConfigurationCache,
    private readonly log: LogStore,
  ) {}

  getPage(pageId: PageId): Page {
    const page = this.configuration.current().pages.get(pageId);
    if (page === undefined) throw new Problem('page_not_found', `There is no page ${pageId}.`);
    return page;
  }

  /** As stored: overdue changes are not applied. */
  async get(key: ThreadKey): Promise<{ page: Page; thread: Thread }> {
    const page = this.getPage(key.pageId);
    const thread = await this.log.findThread(key);
    if (thread === null) throw unknownThread(key);
    return { page, thread };
  }

  /** An app by its name alone. */
  shortNameOf(id: string): string {
    return this.configuration.current().apps.get(appId(id))?.name ?? `app ${id}`;
  }

  /** An app as people know it. */
  nameOf(id: string): string {
    const app = this.configuration.current().apps.get(appId(id));
    return app === undefined ? `app ${id}` : `${app.name} (${id})`;
  }
}

export function unknownThread({ pageId, psid }: ThreadKey): Problem {
  return new Problem(
    'thread_not_found',
    `Person ${psid} has never been in touch with page ${pageId}: only a person starts a thread.`,
  );
}
