import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { issueCertificate } from '../../src/config/local-authority.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { runShell } from '../support/run.js';
import { testKeyring } from '../support/vault.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

let database: TestDatabase;
const folders: string[] = [];

function newFolder(): string {
  const folder = path.join(tmpdir(), `signalbox-tls-${process.pid}-${randomBytes(6).toString('hex')}`);
  folders.push(folder);
  return folder;
}

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database?.drop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** Whether curl, which trusts only this authority, gets an answer from the server under a name. */
async function reaches(server: ServerProcess, host: string, authority: string): Promise<boolean> {
  const { port } = new URL(server.url);
  const { code, stdout } = await runShell(
    `curl -sS --cacert '${authority}' --connect-to '${host}:${port}:127.0.0.1:${port}' https://${host}:${port}/health/live`,
  );
  // 60: the certificate is not good for this name, or not from this authority.
  expect([0, 60]).toContain(code);
  return code === 0 && stdout !== '';
}

describe('with a generated certificate', () => {
  const dataDir = newFolder();
  const settings = () => ({
    TLS: 'generated',
    DATABASE_URL: database.url,
    KEYRING: testKeyring,
    DATA_DIR: dataDir,
    DEMO: 'true',
  });

  it('greets with what to trust, and its command works as it is pasted', async () => {
    const server = await startServerProcess(settings());
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const greeting = server.stdout();
    expect(greeting).toContain(`Trust          ${path.join(dataDir, 'tls-authority.pem')}`);
    const command = /^ +curl [^]*?'\{.*\}'$/m.exec(greeting)?.[0] ?? '';
    const { code, stdout } = await runShell(command);
    expect([code, JSON.parse(stdout).state]).toEqual([0, 'marketing-owned']);
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  it('keeps its authority between starts, and its key to itself', async () => {
    const authority = path.join(dataDir, 'tls-authority.pem');
    const before = await readFile(authority, 'utf8');
    const server = await startServerProcess(settings());
    expect(await readFile(authority, 'utf8')).toBe(before);
    expect(before).not.toContain('KEY');
    expect((await stat(path.join(dataDir, 'tls-authority-key.pem'))).mode & 0o777).toBe(0o600);

    // Known by every name that clients may use, and by no other.
    for (const host of [
      'localhost',
      '127.0.0.1',
      'host.docker.internal',
      'graph.facebook.com',
      'graph.instagram.com',
    ]) {
      expect([host, await reaches(server, host, authority)]).toEqual([host, true]);
    }
    expect(await reaches(server, 'www.facebook.com', authority)).toBe(false);
    await server.kill('SIGTERM');
  });

  it('two that start at once on one folder agree on the authority', async () => {
    const folder = newFolder();
    const issued = await Promise.all(
      ['127.0.0.1', '0.0.0.0', '::', 'box.example'].map((host) => issueCertificate(folder, host)),
    );
    const authority = new X509Certificate(await readFile(path.join(folder, 'tls-authority.pem')));
    for (const { cert } of issued) expect(new X509Certificate(cert).verify(authority.publicKey)).toBe(true);
    expect(new X509Certificate(issued[3]?.cert ?? '').checkHost('box.example')).toBe('box.example');
  });
});

describe('with a certificate of your own', () => {
  /** Files as an operator has them. */
  async function certificateFiles(): Promise<{ cert: string; key: string; authority: string }> {
    const folder = newFolder();
    const issued = await issueCertificate(folder, '127.0.0.1');
    const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    await writeFile(cert, issued.cert);
    await writeFile(key, issued.key);
    return { cert, key, authority: issued.authorityFile ?? '' };
  }

  it('serves it', async () => {
    const { cert, key, authority } = await certificateFiles();
    const settings = {
      TLS_CERT: cert,
      TLS_KEY: key,
      DATABASE_URL: database.url,
      KEYRING: testKeyring,
      DATA_DIR: newFolder(),
    };
    const server = await startServerProcess(settings);
    expect(server.url).toMatch(/^https:/);
    expect(server.stdout()).not.toContain('Trust ');
    expect(await reaches(server, 'localhost', authority)).toBe(true);
    await server.kill('SIGTERM');
  });
});
