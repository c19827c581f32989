import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Where a process number means something: this boot of this machine and this namespace of process numbers, which is each
 * container's own. Null where the system does not say.
 */
function placeOfProcesses(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`;
  } catch {
    return null;
  }
}

const place = placeOfProcesses();

/** A name for this instance among those that dispatch: `<place>/<process>/<random>`. */
export function newHolder(): string {
  return `${place ?? 'somewhere'}/${process.pid}/${randomUUID()}`;
}

/**
 * Whether a holder's process surely is gone: it ran in the same place as we do, and there is no such process. One that
 * cannot be seen from here may live.
 */
export function isGone(holder: string): boolean {
  const [itsPlace, pid] = holder.split('/');
  if (place === null || itsPlace !== place || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ESRCH';
  }
}
