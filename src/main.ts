const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  fail(
    `Signalbox needs Node 22.19 or newer; this is ${process.versions.node}. "npm ci" brings its own: use npm start.`,
  );
}

// Imported only now: an older Node could not even load what follows.
const { BadSettingError, readSettings } = await import('./config/settings.js');
const { StoreUnavailableError } = await import('./store/store-unavailable.error.js');

// From the first moment on: whatever has been started by then is put away as well.
let stopRequested = false;
let stop = () => {
  stopRequested = true;
};
process.on('SIGTERM', () => stop());
process.on('SIGINT', () => stop());

try {
  const settings = readSettings(process.env);
  // Takes seconds to load on a slow machine, which a bad setting need not wait for.
  const { startServer } = await import('./server.js');
  const { greeting } = await import('./greeting.js');
  const { compactHeap } = await import('./compact-heap.js');
  const { openLogger } = await import('./logger.js');
  const server = await startServer(settings);
  compactHeap();
  /*
   * Also what a promise was rejected with that nobody waited for. What counts is decided by a commit, which checks all
   * that it presumes, so whatever state the process is in can do no harm; its end would fail everybody's requests.
   */
  const logger = openLogger(settings.values.LOG_LEVEL);
  process.on('uncaughtException', (err) => logger.fatal({ err }, 'something failed that nobody waited for'));

  let stopping: Promise<void> | null = null;
  stop = () => {
    stopping ??= server.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(`Signalbox did not stop cleanly: ${messageOf(error)}`),
    );
  };
  if (stopRequested) stop();
  else {
    const code = settings.gateway ? null : await server.createSignInCode();
    process.stdout.write(greeting(server, code));
  }
} catch (error) {
  if (error instanceof BadSettingError || error instanceof StoreUnavailableError) fail(`${capitalised(error.message)}`);
  if (isSystemError(error, 'EADDRINUSE')) {
    fail(`Port ${process.env['PORT'] ?? '3000'} is taken by another program: stop it, or set PORT to a free one.`);
  }
  if (isSystemError(error, 'EACCES')) fail(`Signalbox may not use that port or folder: ${messageOf(error)}.`);
  if (isSystemError(error, 'EADDRNOTAVAIL') || isSystemError(error, 'ENOTFOUND')) {
    fail(`HOST is not an address of this machine: ${messageOf(error)}.`);
  }
  throw error;
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function capitalised(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1).replace(/\.?$/, '.')}`;
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

export {};
