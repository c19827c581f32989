import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { consoleSegments } from './console-paths.js';
import { serveConsole } from './serve-console.js';

describe('the console is served', () => {
  let folder: string;
  let fastify: FastifyInstance;
  let url: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'signalbox-console-'));
    fastify = Fastify();
    await serveConsole(fastify, folder, false);
    fastify.all('*', () => 'somebody else');
    url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    await fastify.close();
    await rm(folder, { recursive: true });
  });

  const get = async (address: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(`${url}${address}`, { method, headers });
    return { status: response.status, cache: response.headers.get('cache-control'), text: await response.text() };
  };
  const build = async () => {
    await mkdir(path.join(folder, 'assets'));
    await writeFile(path.join(folder, 'index.html'), '<title>Signalbox</title>');
    await writeFile(path.join(folder, 'assets/index-B4c8.js'), 'run()');
  };

  it('says what to do as long as it is not built', async () => {
    expect(await get('/')).toMatchObject({ status: 404, text: expect.stringContaining('npm run build') });
    await build();
    expect(await get('/')).toMatchObject({ status: 200, text: '<title>Signalbox</title>' });
  });

  it('with one page for every screen, which no browser keeps', async () => {
    await build();
    const screens = consoleSegments.filter((segment) => segment !== 'assets');
    for (const address of ['/', ...screens.flatMap((screen) => [`/${screen}`, `/${screen}/1/2?q=x`])]) {
      expect({ address, ...(await get(address)) }).toMatchObject({
        status: 200,
        cache: 'no-store',
        text: '<title>Signalbox</title>',
      });
    }
  });

  it('with files that browsers keep for good', async () => {
    await build();
    expect(await get('/assets/index-B4c8.js')).toMatchObject({ status: 200, text: 'run()' });
    expect((await get('/assets/index-B4c8.js')).cache).toMatch(/immutable/);
    expect(await get('/assets/index-old.js')).toMatchObject({ status: 404, cache: 'no-store' });
  });

  it.each(['/assets/..%2findex.html', '/assets/..%2f..%2fetc%2fpasswd', '/assets/'])(
    'and nothing beside: %s',
    async (address) => {
      await build();
      expect(await get(address)).toMatchObject({ status: 404, cache: 'no-store' });
    },
  );

  it('without the hosted inspector, unless that is turned on', async () => {
    await build();
    await writeFile(path.join(folder, 'stately.html'), '<iframe></iframe>');
    expect(await get('/inspector/stately')).toMatchObject({
      status: 404,
      text: expect.stringContaining('INSPECTOR_HOSTED=true'),
    });
    const other = Fastify();
    await serveConsole(other, folder, true);
    const { statusCode, body, headers } = await other.inject('/inspector/stately');
    expect({ statusCode, body, cache: headers['cache-control'] }).toEqual({
      statusCode: 200,
      body: '<iframe></iframe>',
      cache: 'no-store',
    });
    await other.close();
  });

  it('and leaves every other address alone', async () => {
    await build();
    for (const address of [
      '/?ids=1,2',
      '/me/messages',
      '/v12.0/104700000000001/threads',
      '/104/inbox',
      '/api/v1/threads',
    ]) {
      expect(await get(address)).toMatchObject({ status: 200, text: 'somebody else' });
    }
    expect(await get('/threads', {}, 'POST')).toMatchObject({ text: 'somebody else' });
    expect(await get('/?ids=1', { accept: 'text/html' })).toMatchObject({ text: '<title>Signalbox</title>' });
  });
});
