/**
 * Follows threads in the terminal as the XState inspector sees them: `npm run inspect -- [PAGE | PAGE/PSID] [--open]`. The
 * server is the one at SIGNALBOX_URL, with ADMIN_TOKEN.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { AdminClient } from '../demo/admin-client.js';
import { DemoError } from '../demo/demo-error.js';
import { serverToken, serverUrl } from '../demo/running-server.js';
import type { InspectionMessage } from '../src/inspector/inspection-messages.js';
import { lineOf } from './line.js';

const usage = `npm run inspect -- [PAGE | PAGE/PSID] [--open]

Prints what happens to a thread, to the threads of a page or to all, the log first and then as it happens.
  --open   shows it in the hosted Stately inspector as well (needs INSPECTOR_HOSTED=true at the server)
The server is the one at SIGNALBOX_URL, else http://127.0.0.1:3000; ADMIN_TOKEN is its admin token.
`;

interface Ticket {
  readonly url: string;
  readonly stately_url: string;
}

try {
  await run();
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { scope, open, help } = readArguments();
  if (help) return void process.stdout.write(usage);
  const admin = new AdminClient(serverUrl(process.env), await serverToken(process.env));
  const ticket = () => admin.post<Ticket>('inspector/tickets', scope);
  const { url } = await ticket();
  // Each of the two needs a ticket of its own.
  if (open) openInBrowser((await ticket()).stately_url);
  await follow(url);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { open: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    const [name, ...more] = positionals;
    const [pageId, psid, ...rest] = name?.split('/') ?? [];
    if (more.length > 0 || rest.length > 0) throw new TypeError('Name one thread, as PAGE/PSID, or one page.');
    return {
      ...values,
      scope: { ...(pageId !== undefined && { page_id: pageId }), ...(psid !== undefined && { psid }) },
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DemoError(`${error.message}\n\n${usage}`, { cause: error });
  }
}

/** Resolves when the reader has had enough; a connection that ends otherwise is a failure. */
async function follow(url: string): Promise<void> {
  const socket = new WebSocket(url);
  let enough = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      enough = true;
      socket.close();
    });
  }
  await new Promise<void>((resolve, reject) => {
    socket.on('message', (data: Buffer) => {
      process.stdout.write(`${lineOf(JSON.parse(data.toString()) as InspectionMessage)}\n`);
    });
    socket.on('error', (error) => reject(new DemoError(`The inspector does not answer: ${error.message}`)));
    socket.on('close', (code, reason) => {
      if (enough) resolve();
      else reject(new DemoError(`The server has ended the stream: ${reason.toString() || `code ${code}`}.`));
    });
  });
}

function openInBrowser(url: string): void {
  const [program, ...before] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  const child = spawn(program ?? '', [...before, url], { stdio: 'ignore', detached: true });
  child.on('error', () => process.stderr.write(`No browser could be started here. Open it yourself: ${url}\n`));
  child.unref();
}
