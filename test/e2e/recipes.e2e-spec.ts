import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Customer } from '../support/customer.js';
import { Program } from '../support/program.js';
import { runShell } from '../support/run.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

/** A block of a recipe: a file to write if it has a name, else commands or an excerpt of something. */
interface Block {
  readonly file: string | null;
  readonly labels: readonly string[];
  readonly text: string;
}

function blocksOf(recipe: string): Block[] {
  const markdown = readFileSync(path.join('docs/recipes', recipe), 'utf8');
  const blocks = markdown.matchAll(/(?:^`([\w.]+\.js)`[^\n]*\n\n)?^```([\w ]*)\n([^]*?)^```$/gm);
  return [...blocks].map(([, file, labels = '', text = '']) => ({
    file: file ?? null,
    labels: labels.split(' '),
    text,
  }));
}

const [, pageToken, personWrites, personSees] = blocksOf('README.md').map(({ text }) => text);
/** The person of the recipes. */
const psid = '7000000000000501';

/** A server and what its user has set in the shell. */
interface Desk {
  readonly signalbox: TestSignalbox;
  readonly env: Record<string, string>;
}

let plain: Desk;
let secure: Desk;
let folder: string;
let programs: Program[] = [];

async function openDesk(settings: Record<string, string>): Promise<Desk> {
  const signalbox = await startSignalbox({ DEMO: 'true', ...settings });
  const authority = signalbox.certificate?.authorityFile ?? null;
  const env: Record<string, string> = {
    SIGNALBOX: signalbox.url,
    ADMIN_TOKEN: adminToken,
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
    ...(authority !== null && { NODE_EXTRA_CA_CERTS: authority, CURL_CA_BUNDLE: authority }),
  };
  const { stdout } = await runShell(`${pageToken}\necho "$PAGE_TOKEN"`, env);
  env['PAGE_TOKEN'] = stdout.trim();
  expect(env['PAGE_TOKEN']).toMatch(/^EAA/);
  const { code } = await runShell(personWrites ?? '', env);
  expect(code).toBe(0);
  return { signalbox, env };
}

beforeAll(async () => {
  plain = await openDesk({});
  secure = await openDesk({ TLS: 'generated' });
});
afterAll(async () => {
  await plain?.signalbox.stop();
  await secure?.signalbox.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'signalbox-recipe-'));
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'));
});
afterEach(async () => {
  for (const program of programs) await program.stop();
  programs = [];
  await rm(folder, { recursive: true, force: true });
});

/** Follows a recipe from its first line to its last. */
async function follow(recipe: string): Promise<void> {
  let port = 5000;
  for (const { file, labels, text } of blocksOf(recipe)) {
    const { env } = labels.includes('https') ? secure : plain;
    if (file !== null) await writeFile(path.join(folder, file), text);
    else if (labels.includes('background')) port = await startInBackground(text, env);
    else if (text.startsWith('npm install ')) expectInstalled(text);
    else if (labels[0] === 'sh') await type(text.replaceAll('localhost:5000', `localhost:${port}`), env);
  }
}

/** Answers the port: it is a free one, not the recipe's. */
async function startInBackground(line: string, env: Record<string, string>): Promise<number> {
  const [, command = ''] = /^(?:PORT=5000 )?(npx|node) /.exec(line) ?? [];
  const words = line
    .trim()
    .split(' ')
    .slice(line.split(' ').indexOf(command) + 1);
  if (command === 'npx') words[0] = path.resolve('node_modules/.bin', words[0] ?? '');
  const program = await Program.start(folder, words, env);
  programs.push(program);
  return program.port;
}

/** The versions that people are told to install are those that are tested. */
function expectInstalled(line: string): void {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const [, name = '', version] of line.matchAll(/ ([\w-]+)@(\S+)/g)) expect(devDependencies[name]).toBe(version);
}

async function type(commands: string, env: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await runShell(`set -e\n${commands}`, { ...env, CURL_HOME: folder }, folder);
  expect({ commands, code, output: stdout + stderr }).toMatchObject({
    code: 0,
    output: expect.not.stringMatching(/error/i),
  });
}

/** What the person has been told by apps, as the recipes look at it. */
async function seen({ env }: Desk): Promise<string[]> {
  const { stdout } = await runShell(personSees ?? '', env);
  return JSON.parse(stdout).data.flatMap(({ from, text }: any) => (from === 'app' ? [text] : []));
}

it('curl.md', async () => {
  const [, , configuration] = blocksOf('curl.md').map(({ text }) => text);
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, '.curlrc'),
    (configuration ?? '')
      .replace('localhost:3000', new URL(secure.signalbox.url).host)
      .replace('/home/you/signalbox/data/tls-authority.pem', secure.signalbox.certificate?.authorityFile ?? ''),
  );
  await follow('curl.md');
  expect(await seen(plain)).toEqual(['Hello from curl', 'Hello from a form', 'Hello from parts']);
});

it.each([
  ['messaging-api-messenger.md', 'Hello from messaging-api-messenger'],
  ['any-client.md', 'Hello from the SDK'],
])('%s', async (recipe, text) => {
  await follow(recipe);
  expect(await seen(plain)).toContain(text);
});

it.each<[string, () => Desk, string]>([
  ['bottender.md', () => plain, 'Bottender heard: Hello?'],
  ['botkit.md', () => secure, 'Botkit heard: Hello?'],
])('%s', async (recipe, desk, answer) => {
  await follow(recipe);
  const { signalbox, env } = desk();
  await type(personWrites ?? '', env);
  await new Customer(signalbox, 'messenger', psid).hears(answer);
  expect(await seen(desk())).toContain(answer);
});
