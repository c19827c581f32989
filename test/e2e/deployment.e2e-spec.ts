import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { readSettings, settingsSchema } from '../../src/config/settings.js';
import { runShell } from '../support/run.js';
import { newKeyring } from '../support/vault.js';

const file = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
const settings = new Set(Object.keys(settingsSchema.shape));
const secrets: Record<string, string> = {
  POSTGRES_PASSWORD: '5b1c0d7e9f',
  ADMIN_TOKEN: '8c1f0b7e5d2a94c36e7f80a1b2c3d4e5',
  KEYRING: newKeyring('k1'),
  META_APP_SECRET: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  META_VERIFY_TOKEN: 'f9e8d7c6b5a493827160',
};

describe('compose.yaml', () => {
  let services: Record<string, any>;
  beforeAll(async () => {
    ({ services } = parse(await file('compose.yaml'), { merge: true }));
  });
  const servers = () => Object.entries(services).filter(([name]) => name.startsWith('signalbox'));

  it('starts three servers with settings that exist and that the gateway takes', async () => {
    const image = imageEnvironment(await file('Dockerfile'));
    expect(servers()).toHaveLength(3);
    for (const [, { environment }] of servers()) {
      const given = Object.entries<string>(environment).map(([name, value]) => [
        name,
        value.replace(/\$\{(\w+):\?[^}]*\}/g, (_, secret: string) => secrets[secret] ?? ''),
      ]);
      expect(given.filter(([name]) => !settings.has(name ?? ''))).toEqual([]);
      expect(readSettings({ ...image, ...Object.fromEntries(given) }).gateway).toBe(true);
    }
  });

  it('keeps no secret, lets nobody in past the load balancer, and gives servers the time to drain', async () => {
    expect(await file('compose.yaml')).not.toMatch(/(TOKEN|SECRET|PASSWORD|KEYRING): (?!\$\{\w+:\?)/);
    for (const [, service] of servers()) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: '30s' });
      expect(service.ports).toBeUndefined();
    }
    expect(services.postgres.ports).toBeUndefined();
    // What is acknowledged must survive a crash of the database.
    expect(services.postgres.command.join(' ')).not.toMatch(/fsync|synchronous_commit|full_page_writes/);
  });

  it('has a load balancer that knows the servers, and asks each whether it is ready', async () => {
    const config = await file('ops/haproxy/haproxy.cfg');
    const known = [...config.matchAll(/^ {2}server \w+ ([\w-]+):3000$/gm)].map(([, name]) => name);
    expect(known).toEqual(servers().map(([name]) => name));
    expect(config).toContain('uri /health/ready');
    const { code: missing } = await runShell('command -v haproxy');
    if (missing !== 0) return;
    const hosts = known.map((name) => `s/${name}:/127.0.0.1:/`).join(';');
    const { code, stderr } = await runShell(`sed '${hosts}' ops/haproxy/haproxy.cfg | haproxy -c -f /dev/stdin`);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });
});

describe('the image', () => {
  it('runs what the build makes, as nobody in particular, with settings that exist', async () => {
    const dockerfile = await file('Dockerfile');
    const names = Object.keys(imageEnvironment(dockerfile)).filter((name) => name !== 'NODE_ENV');
    expect(names.filter((name) => !settings.has(name))).toEqual([]);
    expect(dockerfile).toMatch(/^USER node$/m);
    const command = JSON.parse(/^CMD (\[.+\])$/m.exec(dockerfile)?.[1] ?? '[]').join(' ');
    expect(JSON.parse(await file('package.json')).scripts.start).toContain(`&& ${command}`);
    // Every path that is copied from here exists.
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, paths]) => paths?.split(' ') ?? [],
    );
    for (const path of copied.filter((each) => each !== '.')) await expect(file(path)).resolves.toBeDefined();
  });

  it('is healthy by a check that tells a server that answers from one that does not', async () => {
    const check = /^ {2}CMD \["node", "-e", "(.+)"\]$/m.exec(await file('Dockerfile'))?.[1] ?? '';
    const ask = (port: number) => runShell(`'${process.execPath}' -e '${check}'`, { PORT: String(port) });
    const { createServer } = await import('node:http');
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/health/live' ? 200 : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect((await ask(port)).code).toBe(0);
    await new Promise((resolve) => server.close(resolve));
    expect((await ask(port)).code).toBe(1);
  });
});

function imageEnvironment(dockerfile: string): Record<string, string> {
  const [, line = ''] = /^ENV (.+)$/m.exec(dockerfile) ?? [];
  return Object.fromEntries(line.split(' ').map((pair) => pair.split('=', 2) as [string, string]));
}
