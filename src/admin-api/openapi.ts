import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { problemKinds, problemSchema, type ProblemCode } from '../admin-auth/problem.js';

/** Problems any route of our own API may answer with. */
const everywhere: readonly ProblemCode[] = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'too_many_requests',
  'internal_error',
  'busy',
];
/** And those any route with a body may. */
const withBody: readonly ProblemCode[] = ['body_too_large', 'unsupported_media_type'];

const description = `
The API by which people and their tools configure Signalbox, look at threads and move them by hand. Apps use another one,
compatible with the Graph API, which is not described here.

- Ids are decimal strings of up to 20 digits. They are strings in JSON as well: they do not fit a JavaScript number.
- \`PUT\` creates (201) or replaces (200); what is left out gets its default.
- Lists come in pages: \`limit\` and \`cursor\` ask, \`data\` and \`next_cursor\` answer.
- Each route needs a role (\`x-required-role\`): a viewer reads everything but message text, an operator reads that too and
  moves threads, an admin configures. Programs send a token; a browser signs in at \`/api/v1/session\`, and its changes
  carry the header \`X-Signalbox-Console: 1\`.
- Times are RFC 3339 in UTC. In the emulator they follow its virtual clock.
- Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`, a \`detail\` for people and the \`trace_id\` under
  which the log has the request.
`;

/** The OpenAPI document of our own API. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Signalbox')
    .setDescription(description)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An admin token; the first start printed one.' })
    .addCookieAuth(
      'signalbox',
      { type: 'apiKey', description: "A browser's session, over HTTPS with the prefix `__Host-`." },
      'session',
    )
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const problem = z.toJSONSchema(problemSchema, { target: 'openapi-3.0' });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problem as never },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith('/api/')) continue;
    for (const operation of [item.get, item.put, item.post, item.delete]) {
      if (operation === undefined) continue;
      for (const code of [...everywhere, ...(operation.requestBody === undefined ? [] : withBody)]) {
        const { status, title } = problemKinds[code];
        operation.responses[status] ??= {
          description: `\`${code}\`: ${title}.`,
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        };
      }
    }
  }
  listNull(document);
  return document;
}

/** In OpenAPI 3.0 an enumeration allows null only if it lists it, even where the value is nullable; zod leaves it out. */
function listNull(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if ('nullable' in node && 'enum' in node && Array.isArray(node.enum) && !node.enum.includes(null))
    node.enum.push(null);
  for (const child of Object.values(node)) listNull(child);
}

/** Serves the document at `/docs-json` and, for people, at `/docs`. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app));
}
