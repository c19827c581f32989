import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  /** Microseconds of the clock that `monotonicMs` reads. */
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

const shownMax = 30;
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where a process spent its time between two moments: by part of the program, and by function. */
export async function summariseProfile(folder: string, pid: number, fromMs: number, toMs: number): Promise<string> {
  const file = (await readdir(folder)).find((name) => name.includes(`.${pid}.0.`));
  if (file === undefined) return 'the server left no profile';
  const text = await readFile(path.join(folder, file), 'utf8');
  const { nodes, startTime, samples, timeDeltas } = profileSchema.parse(JSON.parse(text));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, number>();
  const byPart = new Map<string, number>();
  let total = 0;
  let at = startTime;
  samples.forEach((node, index) => {
    at += timeDeltas[index] ?? 0;
    const duration = timeDeltas[index + 1] ?? 0;
    const frame = frames.get(node);
    if (frame === undefined || at < fromMs * 1000 || at > toMs * 1000) return;
    const place = placeOf(frame.url);
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    add(byFunction, place === '' ? name : `${name} ${place}:${frame.lineNumber + 1}`, duration);
    add(byPart, place === '' ? name : partOf(place), duration);
    total += duration;
  });
  return [`Profile ${path.join(folder, file)}`, ...shares(byPart, total), '', ...shares(byFunction, total), ''].join(
    '\n',
  );
}

function placeOf(url: string): string {
  return (url.startsWith('file://') ? fileURLToPath(url) : url).replace(root, '').replace(/^dist\//, '');
}

/** A folder of ours, a package, or Node. */
function partOf(place: string): string {
  return (
    (/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(place) ?? /^src\/[^/]+/.exec(place) ?? /^node:/.exec(place))?.[0] ?? place
  );
}

function add(sums: Map<string, number>, name: string, duration: number): void {
  sums.set(name, (sums.get(name) ?? 0) + duration);
}

function shares(sums: ReadonlyMap<string, number>, total: number): string[] {
  return [...sums]
    .sort(([, one], [, other]) => other - one)
    .slice(0, shownMax)
    .map(([name, duration]) => `${((duration / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
}
