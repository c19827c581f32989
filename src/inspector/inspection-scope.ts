import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { pageIdSchema, psidSchema } from '../admin-auth/parameters.js';
import { Problem } from '../admin-auth/problem.js';
import type { PageId, Psid } from '../domain/ids.js';
import { ConfigurationCache } from '../store/configuration.cache.js';
import { LogStore } from '../store/log.store.js';

/** What is shown: one thread, the threads of a page, or all of them. */
export type InspectionScope =
  { readonly pageId: null; readonly psid: null } | { readonly pageId: PageId; readonly psid: Psid | null };

const threadSchema = z.tuple([pageIdSchema, psidSchema]);

/** Checks that there is what somebody wants to look at. */
@Injectable()
export class ScopeCheck {
  constructor(
    private readonly configuration: ConfigurationCache,
    private readonly log: LogStore,
  ) {}

  /** @throws Problem if there is no such page or thread. */
  async require({ pageId, psid }: InspectionScope): Promise<void> {
    if (pageId === null) return;
    if (!this.configuration.current().pages.has(pageId)) {
      throw new Problem('page_not_found', `There is no page ${pageId}.`);
    }
    if (psid === null || (await this.log.findThread({ pageId, psid })) !== null) return;
    throw new Problem(
      'thread_not_found',
      `Person ${psid} has never been in touch with page ${pageId}: only a person starts a thread.`,
    );
  }
}

/** The scope as the address of a stream has it: `thread=PAGE/PSID`, `page=PAGE`, or nothing. */
export function scopeParameters({ pageId, psid }: InspectionScope): string {
  if (pageId === null) return '';
  return psid === null ? `page=${pageId}` : `thread=${pageId}/${psid}`;
}

/** @throws Problem if the address names something else than a page or a thread. */
export function readScope(parameters: URLSearchParams): InspectionScope {
  const [thread, page] = [parameters.get('thread'), parameters.get('page')];
  if (thread !== null) {
    const parsed = threadSchema.safeParse(thread.split('/'));
    if (!parsed.success || page !== null) {
      throw new Problem('invalid_request', 'thread must be "PAGE/PSID", two ids, without page beside it.');
    }
    const [pageId, psid] = parsed.data;
    return { pageId, psid };
  }
  if (page === null) return { pageId: null, psid: null };
  const parsed = pageIdSchema.safeParse(page);
  if (!parsed.success)
    throw new Problem('invalid_request', `page ${parsed.error.issues[0]?.message ?? 'is not valid'}`);
  return { pageId: parsed.data, psid: null };
}
