import { existsSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { consoleFileOf, inspectorFile } from './console-paths.js';

/** Where the build puts the console. */
export function builtConsoleFolder(): string {
  const packageFile = findPackageJSON(import.meta.url);
  if (packageFile === undefined) throw new Error('Signalbox is not in its package');
  return path.join(path.dirname(packageFile), 'dist/console');
}

const oneYearMs = 365 * 24 * 60 * 60 * 1000;

/**
 * Serves the built console at `/` and at the addresses of its screens. The page itself is never kept by a browser; the
 * files it names are kept for good, since their names change with what is in them. A hook and not routes: the Graph API
 * has the root as well, for requests that are told apart by their query.
 *
 * `hostedInspector`: whether there is the page that shows threads in the inspector of another host.
 */
export async function serveConsole(fastify: FastifyInstance, folder: string, hostedInspector: boolean): Promise<void> {
  await fastify.register(fastifyStatic, { root: folder, serve: false, index: false, dotfiles: 'deny' });
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return;
    const file = consoleFileOf(request.url, request.headers.accept);
    if (file === null) return;
    if (file === inspectorFile && !hostedInspector) {
      return reply
        .status(404)
        .header('cache-control', 'no-store')
        .type('text/plain; charset=utf-8')
        .send(
          'Showing threads in the hosted Stately inspector is off, since it is on another host, stately.ai. It gets who owns ' +
            'which thread and why, without message texts. To turn it on, start the server with INSPECTOR_HOSTED=true. ' +
            'Without it, "npm run inspect -- PAGE/PSID" shows the same in a terminal.\n',
        );
    }
    // Looked up for each page: a build may come while the server runs.
    if (!existsSync(path.join(folder, 'index.html'))) {
      return reply
        .status(404)
        .header('cache-control', 'no-store')
        .type('text/plain; charset=utf-8')
        .send(
          'The console has not been built: run "npm run build". The API is at /api/v1, its documentation at /docs.\n',
        );
    }
    if (file === 'index.html' || file === inspectorFile) {
      void reply.header('cache-control', 'no-store');
      return reply.sendFile(file, { cacheControl: false });
    }
    // The build gives plain names: anything else is a guess.
    if (!/^assets\/\w[\w.-]*$/.test(file) || !existsSync(path.join(folder, file))) {
      return reply
        .status(404)
        .header('cache-control', 'no-store')
        .type('text/plain; charset=utf-8')
        .send('There is no such file of the console: reload the page, it was built anew.\n');
    }
    return reply.sendFile(file, { maxAge: oneYearMs, immutable: true });
  });
}
