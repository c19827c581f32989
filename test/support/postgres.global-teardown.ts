/** The set-up has taught Node where our imports are. */
export default async function globalTeardown(): Promise<void> {
  const { stopServer } = await import('./stop-server.js');
  await stopServer();
}
