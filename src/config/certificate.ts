import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { BadSettingError, type Settings } from './settings.js';

/** What HTTPS is served with, in PEM form. */
export interface Certificate {
  /** The certificate, perhaps followed by those that lead to its issuer. */
  readonly cert: string;
  readonly key: string;
  /** The file with the issuer that clients have to trust, if it is our own; null: the certificate is the operator's. */
  readonly authorityFile: string | null;
}

/** The operator's certificate, or a generated one whose issuer is kept in the data folder; null: plain HTTP. */
export async function readCertificate({ values }: Settings, dataDir: string): Promise<Certificate | null> {
  const { TLS, TLS_CERT, TLS_KEY, HOST } = values;
  if (TLS_CERT !== undefined && TLS_KEY !== undefined) return readOwnCertificate(TLS_CERT, TLS_KEY);
  if (TLS === 'off') return null;
  // Only now, since most servers never need what it loads.
  const { issueCertificate } = await import('./local-authority.js');
  return issueCertificate(dataDir, HOST);
}

async function readOwnCertificate(certFile: string, keyFile: string): Promise<Certificate> {
  const cert = await readPem('TLS_CERT', certFile);
  const key = await readPem('TLS_KEY', keyFile);
  const certificate = parse(
    'TLS_CERT',
    `${certFile} holds no certificate in PEM form`,
    () => new X509Certificate(cert),
  );
  const privateKey = parse('TLS_KEY', `${keyFile} holds no key in PEM form without a passphrase`, () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) throw invalid('TLS_KEY', `it is not the key of ${certFile}`);
  return { cert, key, authorityFile: null };
}

async function readPem(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw invalid(setting, String(error).replace(/^Error: /, ''));
  }
}

function parse<T>(setting: string, complaint: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw invalid(setting, complaint);
  }
}

function invalid(setting: string, complaint: string): BadSettingError {
  return new BadSettingError(`The setting ${setting} is not valid: ${complaint}.`);
}
