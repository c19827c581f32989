import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

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

/** A browser of its own, with what went wrong in it. */
export interface TestBrowser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the content security policy refused, scripts that failed and requests to other hosts. */
  readonly faults: string[];
  close(): Promise<void>;
}

export async function openBrowser(url: string, theme: Theme = 'light'): Promise<TestBrowser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'signalbox-browser-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: executable,
    headless: true,
    viewport: { width: 1280, height: 800 },
    colorScheme: theme,
    reducedMotion: 'reduce',
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
  const faults: string[] = [];
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('pageerror', (error) => faults.push(`failed: ${error.message}`));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(`refused: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`a script of somebody ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) faults.push(`asked ${request.url()}`);
  });
  return {
    page,
    context,
    faults,
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
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
