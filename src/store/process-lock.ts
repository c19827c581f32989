import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailableError } from './store-unavailable.error.js';

const POLL_MS = 25;

/**
 * Runs `task` while this process alone holds the lock file, waiting for other processes up to `timeoutMs`.
 *
 * Node has no flock(2), and a lock file that names its owner can be left behind by `kill -9`. SQLite locks its files with
 * the kernel's own locks, which end with the process, so an empty SQLite database is used as nothing but a lock.
 */
export async function withProcessLock<T>(file: string, timeoutMs: number, task: () => Promise<T>): Promise<T> {
  // Whoever can open the file can hold the lock.
  await (await open(file, 'a', 0o600)).close();
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    await acquire(lock, file, performance.now() + timeoutMs);
    return await task();
  } finally {
    lock.close();
  }
}

async function acquire(lock: DatabaseSync, file: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      // Without the first a journal file would appear beside the lock; it too may find the file locked.
      lock.exec('pragma journal_mode = memory; begin exclusive');
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > deadline) {
        throw new StoreUnavailableError(`another process has held ${file} for too long; is a start hanging?`);
      }
    }
    await delay(POLL_MS);
  }
}

/** SQLITE_BUSY is 5. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === 5;
}
