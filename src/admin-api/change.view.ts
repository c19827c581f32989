import { z } from 'zod';
import { Problem } from '../admin-auth/problem.js';
import type { ThreadKey } from '../domain/ids.js';
import type { LogRow } from '../domain/log.js';
import type { Page } from '../domain/page.js';
import { newThread, type Thread } from '../domain/thread/thread.js';
import type { Outcome } from '../routing/submission.js';
import { refusalView } from '../views/log.view.js';
import { refusalReason } from '../views/refusal-words.js';
import { threadSchema, threadView } from '../views/thread.view.js';
import { unknownThread } from './thread-finder.js';

/** What a call did to a thread. */
export const changeSchema = z
  .object({
    before: threadSchema,
    after: threadSchema,
    repeated: z
      .boolean()
      .describe('Whether the idempotency key had been used for the same call: then nothing was done now.'),
  })
  .meta({ id: 'Change' });
export type ChangeView = z.infer<typeof changeSchema>;

export interface ChangeContext {
  readonly key: ThreadKey;
  readonly page: Page;
  readonly nameOf: (appId: string) => string;
  /** The thread as it stood before one of its rows; for answers to repeated calls. */
  readonly threadBefore: (row: LogRow) => Promise<Thread | null>;
}

/** The answer to what became of a change: throws the problem if it was refused, now or when it was first asked for. */
export async function changeView(outcome: Outcome, context: ChangeContext): Promise<ChangeView> {
  const { page } = context;
  switch (outcome.result) {
    case 'applied':
      return {
        before: threadView(outcome.before, page, outcome.before.lastAt),
        after: threadView(outcome.thread, page, outcome.thread.lastAt),
        repeated: false,
      };
    case 'duplicate': {
      const [first] = outcome.rows;
      const last = outcome.rows.at(-1);
      if (first === undefined || last === undefined) throw new Error('a duplicate without rows');
      const refused = outcome.rows.find(({ refusal }) => refusal !== null);
      if (refused?.refusal != null) throw refusalProblem(refused.refusal, refused.thread, context);
      const before = (await context.threadBefore(first)) ?? newThread(first.pageId, first.psid, first.thread.channel);
      return {
        before: threadView(before, page, before.lastAt),
        after: threadView(last.thread, page, last.at),
        repeated: true,
      };
    }
    case 'refused':
      throw refusalProblem(outcome.refusal, outcome.thread, context);
    case 'unknown_person':
    case 'erased':
      throw unknownThread(context.key);
    case 'unknown_page':
      throw new Problem('page_not_found', `There is no page ${context.key.pageId}.`);
    case 'wrong_channel':
      throw new Problem('wrong_channel', `Person ${context.key.psid} is on ${outcome.channel}.`);
    case 'version_mismatch':
      throw new Problem(
        'version_mismatch',
        `The thread has version ${outcome.thread.version} by now: look at it again, and decide anew.`,
        { thread: threadView(outcome.thread, page, outcome.thread.lastAt) },
      );
    case 'key_reused':
      throw new Problem(
        'idempotency_key_reused',
        'This idempotency key was used for another request on this thread: use a new key for a new request.',
      );
    case 'quarantined':
      throw new Problem('not_storable', 'The database refuses this request; it is kept in quarantine.');
  }
}

type Refused = Extract<Outcome, { result: 'refused' }>;

function refusalProblem(refused: Refused['refusal'], thread: Thread, { page, nameOf }: ChangeContext): Problem {
  const refusal = refusalView(refused);
  const reason = refusalReason(refusal, thread.lastAt, { nameOf, timeZone: 'UTC' });
  return new Problem(refused.reason, `Refused: ${reason}`, {
    refusal,
    thread: threadView(thread, page, thread.lastAt),
  });
}
