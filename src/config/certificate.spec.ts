import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCertificate } from './certificate.js';
import { issueCertificate } from './local-authority.js';
import { BadSettingError, readSettings } from './settings.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'signalbox-certificate-'));
  for (const name of ['one', 'other']) {
    const { cert, key } = await issueCertificate(folder, name);
    await writeFile(path.join(folder, `${name}.pem`), cert);
    await writeFile(path.join(folder, `${name}.key`), key);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const read = (cert: string, key: string) =>
  readCertificate(readSettings({ TLS_CERT: path.join(folder, cert), TLS_KEY: path.join(folder, key) }), folder);

it('is none unless it is asked for', async () => {
  expect(await readCertificate(readSettings({}), folder)).toBeNull();
});

it("is the operator's", async () => {
  expect(await read('one.pem', 'one.key')).toEqual({
    cert: await readFile(path.join(folder, 'one.pem'), 'utf8'),
    key: await readFile(path.join(folder, 'one.key'), 'utf8'),
    authorityFile: null,
  });
});

it.each([
  ['none.pem', 'one.key', /^The setting TLS_CERT is not valid: ENOENT.*\.$/],
  ['one.pem', 'none.key', /^The setting TLS_KEY is not valid: ENOENT.*\.$/],
  ['one.key', 'one.key', /^The setting TLS_CERT is not valid: .*one\.key holds no certificate in PEM form\.$/],
  [
    'one.pem',
    'one.pem',
    /^The setting TLS_KEY is not valid: .*one\.pem holds no key in PEM form without a passphrase\.$/,
  ],
  ['one.pem', 'other.key', /^The setting TLS_KEY is not valid: it is not the key of .*one\.pem\.$/],
])('says what is wrong with %s and %s', async (cert, key, sentence) => {
  const failure: unknown = await read(cert, key).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BadSettingError);
  expect(failure).toMatchObject({ message: expect.stringMatching(sentence) });
});
