import { readFileSync } from 'node:fs';
import { webhookFields } from '../domain/page.js';
import type { GraphEndpoints, GraphRoute } from './graph-call.js';
import { platformEndpoints, routingEndpoints } from './graph-api.module.js';

/*
 * docs/compatibility.md is what people decide by: this holds it against the calls the server knows, and against the tests
 * it names.
 */
const clients = 'test/e2e/clients';
const abbreviations: Readonly<Record<string, string>> = {
  curl: `${clients}/curl.e2e-spec.ts`,
  mam: `${clients}/messaging-api-messenger.e2e-spec.ts`,
  client: `${clients}/messaging-api-messenger-objects.e2e-spec.ts`,
  sdk: `${clients}/facebook-nodejs-business-sdk.e2e-spec.ts`,
  botkit: `${clients}/botkit.e2e-spec.ts`,
  listener: `${clients}/bottender-listener.e2e-spec.ts`,
};
const levels = ['works', 'works differently', 'not offered'];

interface Row {
  readonly name: string;
  readonly support: string;
  readonly how: string;
  readonly test: string;
}

const text = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
const calls = tableUnder('## Calls');
const all = ['## Calls', '## Sends', '## Requests', '## Webhook fields'].flatMap(tableUnder);

function tableUnder(heading: string): Row[] {
  const section = text.split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    return { name: cells[0] ?? '', support: cells[1] ?? '', how: cells[2] ?? '', test: cells.at(-1) ?? '' };
  });
}

/** The call of a route as the table writes it. */
function callOf({ verb, node, edge }: GraphRoute): string {
  const path = node === 'root' ? [edge] : [`{${node}}`, ...(edge === null ? [] : [edge])];
  return `\`${verb} ${path.join('/')}\``;
}

describe('the table of calls', () => {
  const classes = [...routingEndpoints, ...platformEndpoints] as unknown as (new () => GraphEndpoints)[];
  const known = classes.flatMap((endpoints) => new endpoints().routes.map(callOf));

  it('has every call the server knows, once, as one that works', () => {
    // A batch is answered before any route is looked for.
    const offered = calls.filter(({ support }) => support !== 'not offered').map(({ name }) => name);
    expect(offered.toSorted()).toEqual([...known, '`POST /`'].toSorted());
  });

  it('has no call as not offered that the server knows', () => {
    const missing = calls.filter(({ support }) => support === 'not offered').map(({ name }) => name);
    expect(missing.filter((name) => known.includes(name))).toEqual([]);
    expect(new Set(missing).size).toBe(missing.length);
  });
});

it('the table of webhook fields has each, once', () => {
  const fields = tableUnder('## Webhook fields').map(({ name }) => name);
  expect(fields.toSorted()).toEqual(webhookFields.map((field) => `\`${field}\``).toSorted());
});

describe.each(all.map((row) => [row.name, row] as const))('%s', (_, { support, how, test }) => {
  it('says how it is supported, and why if it is not as on the platform', () => {
    expect(levels).toContain(support);
    if (support !== 'works') expect(how).not.toBe('');
  });

  it('names a test with a client that exists, if it works', () => {
    if (support === 'not offered' && test === '') return;
    const [file = '', title = ''] = test.split(' › ');
    const path = abbreviations[file] ?? '';
    expect(path).toMatch(/^test\/e2e\/clients\//);
    expect(title).not.toBe('');
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toContain(title);
  });
});
