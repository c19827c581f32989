import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
// What makes certificates needs it, and before itself.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/*
 * An authority of this server's own, and certificates that it signs. The authority is made once and kept, so that clients
 * trust it once; a certificate is made at every start, for the names the machine has then. Two certificates and not one,
 * because some clients refuse a server that shows them its own authority.
 */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
/** The longest that Apple's clients accept. */
const certificateDays = 825;

/** For clients that have the platform's name built in and are brought here by a host alias. */
const platformHosts = ['graph.facebook.com', 'graph-video.facebook.com', 'graph.instagram.com'];

interface Authority {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
  readonly file: string;
}

/** A certificate for `host`, this machine and the platform's hosts, by the authority kept in the data folder. */
export async function issueCertificate(
  dataDir: string,
  host: string,
): Promise<{ cert: string; key: string; authorityFile: string }> {
  const authority = await openAuthority(dataDir);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=Signalbox',
    issuer: authority.certificate.subjectName,
    ...validFor(certificateDays),
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        namesOf(host).map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: pemOf(keys.privateKey), authorityFile: authority.file };
}

/** The authority of the data folder, made at the first start. */
async function openAuthority(dataDir: string): Promise<Authority> {
  await mkdir(dataDir, { recursive: true });
  const secretFile = path.join(dataDir, 'tls-authority-key.pem');
  const file = path.join(dataDir, 'tls-authority.pem');
  const pem = (await readIfThere(secretFile)) ?? (await keepFirst(secretFile, await makeAuthority()));
  const certificate = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '';
  // Beside the key, which stays with us, clients get a file of the certificate alone.
  await writeFile(file, `${certificate}\n`);
  const key = createPrivateKey(pem).toCryptoKey(algorithm, false, ['sign']);
  return { certificate: new X509Certificate(certificate), key, file };
}

async function makeAuthority(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Signalbox on ${asciiHostname()}`,
    ...validFor(authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n${pemOf(keys.privateKey)}`;
}

/** Writes the file whole or not at all; of two servers that start at once on one folder, the first one's stands. */
async function keepFirst(file: string, content: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
  return readFile(file, 'utf8');
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Every name and address under which clients may reach a server that listens on `host`. */
function namesOf(host: string): string[] {
  const everywhere = host === '0.0.0.0' || host === '::';
  const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address));
  const ours = ['localhost', '127.0.0.1', '::1', asciiHostname(), 'host.docker.internal'];
  return [...new Set([...ours, ...(everywhere ? addresses : [host]), ...platformHosts])];
}

/** A name that is not a host name in ASCII has no place in a certificate. */
function asciiHostname(): string {
  return /^[\w.-]+$/.test(hostname()) ? hostname() : 'localhost';
}

/** From yesterday, for clients whose clock is behind. */
function validFor(days: number): { notBefore: Date; notAfter: Date } {
  const yesterday = Date.now() - dayMs;
  return { notBefore: new Date(yesterday), notAfter: new Date(yesterday + days * dayMs) };
}

/** Positive, as the standard demands. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
