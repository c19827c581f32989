import { readFile, readdir } from 'node:fs/promises';

/** What Linux counts processor time in: `USER_HZ`, the same on every architecture that Node runs on. */
const ticksPerSecond = 100;

interface ProcessTimes {
  readonly parent: number;
  readonly own: number;
  /** Of children that have ended. */
  readonly children: number;
}

/** Processor seconds of a process and all its children so far; null where there is no /proc. */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  const root = await timesOf(pid);
  if (root === null) return null;
  const others = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .map(timesOf),
  );
  const running = others.reduce((sum, times) => sum + (times?.parent === pid ? times.own + times.children : 0), 0);
  return root.own + root.children + running;
}

/** The most memory a process has had at once, in bytes; null where there is no /proc. */
export async function peakMemoryOf(pid: number): Promise<number | null> {
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(await readOrEmpty(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** The memory a process has now, in bytes; null where there is no /proc. */
export async function memoryOf(pid: number): Promise<number | null> {
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(await readOrEmpty(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

async function timesOf(pid: number): Promise<ProcessTimes | null> {
  const text = await readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, and may hold anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent, , , , , , , , , , user, system, childrenUser, childrenSystem] = fields;
  if (parent === undefined || user === undefined || system === undefined) return null;
  return {
    parent,
    own: (user + system) / ticksPerSecond,
    children: ((childrenUser ?? 0) + (childrenSystem ?? 0)) / ticksPerSecond,
  };
}

/** Processes end while one looks at them. */
async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}
