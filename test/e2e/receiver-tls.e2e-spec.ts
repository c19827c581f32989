import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from '@peculiar/x509';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/delivery.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { adminToken } from '../support/signalbox.js';
import { Stage } from '../support/stage.js';
import { testKeyring } from '../support/vault.js';

/* Apps whose endpoint shows a certificate that no client should take. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;
let cases = 0;

interface Signer {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function newAuthority(name: string): Promise<Signer> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  return { certificate, keys };
}

/** What an endpoint shows: signed by `signer`, or by itself. */
async function newCertificate(
  signer: Signer | null,
  { host = '127.0.0.1', endsInDays = 1 }: { host?: string; endsInDays?: number } = {},
): Promise<SecureContextOptions> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=An app',
    issuer: signer?.certificate.subjectName ?? 'CN=An app',
    notBefore: new Date(Date.now() - 3 * dayMs),
    notAfter: new Date(Date.now() + endsInDays * dayMs),
    publicKey: keys.publicKey,
    signingKey: signer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([
        host === '127.0.0.1' ? { type: 'ip', value: host } : { type: 'dns', value: host },
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

const authorityFile = path.join(tmpdir(), `signalbox-authority-${randomBytes(6).toString('hex')}.pem`);
let authority: Signer;
let good: SecureContextOptions;
let database: TestDatabase;
let server: ServerProcess;
let stage: Stage;
let endpoint: Server;
/** The texts that reached the app. */
const texts: string[] = [];

beforeAll(async () => {
  authority = await newAuthority('An authority that the server trusts');
  good = await newCertificate(authority);
  await writeFile(authorityFile, authority.certificate.toString('pem'));
  database = await createTestDatabase();
  server = await startServerProcess({
    DATABASE_URL: database.url,
    ADMIN_TOKEN: adminToken,
    KEYRING: testKeyring,
    LOG_LEVEL: 'fatal',
    NODE_EXTRA_CA_CERTS: authorityFile,
  });
  stage = new Stage(server);
  endpoint = createServer(good, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'https://app');
    if (request.method === 'GET') return void response.end(searchParams.get('hub.challenge'));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { entry } = JSON.parse(Buffer.concat(chunks).toString());
      texts.push(entry[0].messaging[0].message.text);
      response.end();
    });
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  endpoint?.closeAllConnections();
  endpoint?.close();
  await server?.kill('SIGTERM');
  await database?.drop();
  await rm(authorityFile, { force: true });
});

const urlOf = (listening: { address(): unknown }) =>
  `https://127.0.0.1:${(listening.address() as AddressInfo).port}/webhook`;
const putApp = (id: string, callbackUrl: string) =>
  stage.api('PUT', `/api/v1/apps/${id}`, { name: 'An app', callback_url: callbackUrl, verify_token: 'verify' });

/** From now on the endpoint shows this, on new connections; there are no others. */
function show(context: SecureContextOptions): void {
  endpoint.setSecureContext(context);
  endpoint.closeAllConnections();
}

describe.each<[string, () => Promise<SecureContextOptions>, RegExp]>([
  ['has expired', () => newCertificate(authority, { endsInDays: -1 }), /TLS: certificate has expired/],
  ['is another host’s', () => newCertificate(authority, { host: 'elsewhere.example' }), /TLS: .*IP: 127\.0\.0\.1/],
  ['is signed by itself', () => newCertificate(null), /TLS: self-signed certificate/],
  ['is signed by nobody known', async () => newCertificate(await newAuthority('Anybody')), /TLS: unable to verify/],
  [
    'comes with TLS 1.0 alone',
    () => Promise.resolve({ ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    /TLS: .*(protocol|version|alert)/i,
  ],
])('an endpoint whose certificate %s', (what, bad, words) => {
  const id = String(2_200_000_000_000_091 + ++cases);
  const [pageId, person] = [`1047000000009${cases}`, `70000000000019${cases}`];
  afterEach(() => show(good));

  it('cannot be configured, and the answer says why', async () => {
    show(await bad());
    const answer = await putApp(id, urlOf(endpoint));
    expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringMatching(words) } });
  });

  it('gets no event; the reason is shown, and with a good one it goes on', async () => {
    expect((await putApp(id, urlOf(endpoint))).status).toBe(201);
    await stage.ask('PUT', `/api/v1/pages/${pageId}`, { name: 'Shop' });
    await stage.ask('PUT', `/api/v1/pages/${pageId}/apps/${id}`, { subscribed_fields: ['messages'] });
    await stage.ask('PUT', `/api/v1/pages/${pageId}`, { name: 'Shop', default_app_id: id });
    show(await bad());
    const action = { type: 'message', text: what };
    await stage.ask('POST', `/api/v1/simulator/pages/${pageId}/people/${person}/actions`, action);
    const attempts = async () => (await stage.list(`/api/v1/threads/${pageId}/${person}/deliveries`))[0].attempts;
    await until('there was an attempt', async () => (await attempts()).length > 0);
    expect((await attempts())[0]).toMatchObject({ status: null, error: expect.stringMatching(words) });
    expect(texts).not.toContain(what);
    show(good);
    await stage.advance('1m');
    await until('it has arrived', () => texts.includes(what));
    expect(texts.filter((text) => text === what)).toHaveLength(1);
  });
});

it('an endpoint that never shakes hands is given up in time', async () => {
  const silent = createTcpServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const answer = await putApp('2200000000000099', urlOf(silent));
  silent.close();
  expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringContaining('no connection in time') } });
});
