/** Jest calls this once for a run, however many projects name it. */
export default async function globalSetup(): Promise<void> {
  // @ts-expect-error Here, and only here, Node resolves the import itself.
  await import('./typescript-imports.ts');
  const { startServer } = await import('./start-server.js');
  await startServer();
}
