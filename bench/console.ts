/**
 * How long people wait for the console: until something shows, until the threads can be read, and from an action anywhere
 * until it is on the screen. Needs Chromium at /usr/bin/chromium, or CHROMIUM.
 *
 * The server is the built one in a process of its own, an emulator with its demo on the embedded PostgreSQL. Every first
 * paint is of a new browser profile, so nothing is in a cache. An action counts from before its request is sent until the
 * frame in which the browser draws it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const adminToken = 'bench-admin-token-0123456789';
/** The demo's page. */
const demoPage = '104700000000001';
const firstPaints = 10;
const actions = 100;
const startTimeoutMs = 60_000;

// Not the temporary folder: that is often in memory.
const dataDir = await mkdtemp('/var/tmp/signalbox-bench-console-');
// Started by root, PostgreSQL runs as another user.
await chmod(dataDir, 0o711);
const server = spawn(process.execPath, [path.join(import.meta.dirname, '../dist/src/main.js')], {
  env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir, ADMIN_TOKEN: adminToken, DEMO: 'true' },
  stdio: ['ignore', 'pipe', 'ignore'],
});
try {
  const url = await urlOf(server);
  // Somebody whose thread can be read.
  await act(url, '7000000000000001');
  const paints: number[] = [];
  const readable: number[] = [];
  for (let run = 0; run < firstPaints; run += 1) {
    await inBrowser(async (context) => {
      const page = await signedIn(context, url);
      const shown = await firstShown(page, url);
      paints.push(shown.paint);
      readable.push(shown.readable);
    });
  }
  const onScreen: number[] = [];
  await inBrowser(async (context) => {
    const page = await signedIn(context, url);
    await firstShown(page, url);
    await page.getByText('Live', { exact: true }).waitFor();
    for (let run = 0; run < actions; run += 1) {
      const person = String(7_100_000_000_000_000 + run);
      const drawn = drawnAt(page, person);
      const from = performance.timeOrigin + performance.now();
      await act(url, person);
      onScreen.push((await drawn) - from);
    }
  });
  process.stdout.write(
    [
      `First paint, nothing cached:            ${figures(paints)}`,
      `Threads can be read, nothing cached:    ${figures(readable)}`,
      `From a person's action to the screen:   ${figures(onScreen)}`,
      '',
    ].join('\n'),
  );
} finally {
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
}

/** The server says where it listens once it does. */
function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timeout = setTimeout(() => reject(new Error('The server said nothing.')), startTimeoutMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const url = /(http:\/\/[^\s/]+:\d+)\//.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timeout);
      resolve(url);
    });
    child.once('exit', (code) => {
      clearTimeout(timeout);
      reject(new Error(`The server ended with ${code ?? 'a signal'}.`));
    });
  });
}

/** A person writes. */
async function act(url: string, person: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/simulator/pages/${demoPage}/people/${person}/actions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'message', text: 'Hello' }),
  });
  if (!answer.ok) throw new Error(`The action was answered with ${answer.status}: ${await answer.text()}`);
}

async function inBrowser(use: (context: BrowserContext) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(path.join(tmpdir(), 'signalbox-bench-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    viewport: { width: 1280, height: 800 },
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    await use(context);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** A page of a browser that has a session and has not loaded the console yet. */
async function signedIn(context: BrowserContext, url: string): Promise<Page> {
  const answer = await context.request.post(`${url}/api/v1/session`, {
    data: { token: adminToken },
    headers: { origin: url },
  });
  if (!answer.ok()) throw new Error(`Signing in was answered with ${answer.status()}: ${await answer.text()}`);
  return context.pages()[0] ?? context.newPage();
}

/** When something showed, and when the first thread did, in milliseconds from the navigation. */
async function firstShown(page: Page, url: string): Promise<{ paint: number; readable: number }> {
  await page.goto(`${url}/threads`, { waitUntil: 'commit' });
  return page.evaluate<{ paint: number; readable: number }>(`(async () => {
    while (document.querySelector('a.thread-link') === null) await new Promise(requestAnimationFrame);
    const readable = performance.now();
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? readable;
    return { paint, readable };
  })()`);
}

/** When the browser draws a text that is not there yet, in milliseconds since 1970. */
function drawnAt(page: Page, text: string): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.body.textContent.includes(${JSON.stringify(text)})) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  })`);
}

function figures(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return `p50 ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms, of ${values.length}`;
}
