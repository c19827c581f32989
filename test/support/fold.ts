import type { LogRow } from '../../src/domain/log.js';
import { replay } from '../../src/domain/thread/decide.js';
import { newThread, type Thread } from '../../src/domain/thread/thread.js';

/**
 * Folds a thread's rows through the machine, starting from nothing, and checks each row's after-image on the way. Returns
 * the thread as its log says it is.
 */
export function foldLog(rows: readonly LogRow[]): Thread {
  const [first] = rows;
  if (first === undefined) throw new Error('a thread without rows');
  let thread = newThread(first.pageId, first.psid, first.thread.channel);
  for (const row of rows) {
    const next = replay(thread, row.event, row.at);
    const expected = row.refusal === null ? next : { ...thread, lastAt: row.at };
    if (JSON.stringify(sorted(expected)) !== JSON.stringify(sorted(row.thread))) {
      throw new Error(
        `row ${row.lane}/${row.id} (${row.type}) is not what the machine makes of the row before it:\n` +
          `${JSON.stringify(expected)}\n${JSON.stringify(row.thread)}`,
      );
    }
    thread = row.thread;
  }
  return thread;
}

function sorted(thread: Thread): [string, unknown][] {
  return Object.entries(thread).sort(([a], [b]) => (a < b ? -1 : 1));
}
