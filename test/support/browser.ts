import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is a browser to test with. A run without one says so, and a run that must have one fails. */
export function hasBrowser(): boolean {
  if (existsSync(executable)) return true;
  const sentence =
    `There is no browser at ${executable}, so NOTHING OF THE CONSOLE IS TESTED. ` +
    'Install Chromium (Debian: apt-get install chromium), or set CHROMIUM to where it is.';
  if (process.env['CI'] !== undefined) throw new Error(sentence);
  process.stderr.write(`\n${'*'.repeat(100)}\n${sentence}\n${'*'.repeat(100)}\n\n`);
  return false;
}

export type Theme = 'light' | 'dark';

/** A page of a browser that knows nothing, with what went wrong in it. */
export interface TestBrowser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the content security policy refused, scripts that failed and requests to other hosts. */
  readonly faults: string[];
  close(): Promise<void>;
}

let running: Promise<Browser> | null = null;
// One process for all tests of a file: starting one takes longer than most tests.
afterAll(async () => (await running)?.close());

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A context that has nothing of those before it: no cookie, no storage, no cache. */
export async function openBrowser(url: string, theme: Theme = 'light'): Promise<TestBrowser> {
  const browser = await (running ??= launch());
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  const faults: string[] = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`failed: ${error.message}`));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(`refused: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`a script of somebody ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  // Of every page, also one that a script would open.
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`asked ${request.url()}`);
  });
  return {
    page,
    context,
    faults,
    close: () => context.close(),
  };
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds serious or worse on the screen, by rule and place. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(await axe);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as any).axe.run((globalThis as any).document, {
      resultTypes: ['violations'],
    });
    return violations
      .filter(({ impact }: any) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }: any) =>
        nodes.map(({ target, failureSummary }: any) => `${id} ${target} ${failureSummary}`),
      );
  });
}

/** Keeps what the screen shows for the documents, in a run that is asked to (`npm run screenshots`). */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
