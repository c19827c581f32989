import { randomBytes } from 'node:crypto';
import { KeyRing } from '../../src/config/key-ring.js';
import { Vault } from '../../src/store/vault.js';

/** A key ring of one new key, as the setting KEYRING has it. */
export const newKeyring = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

/** The keys of every server inside this test's process, so that they can share a database. */
export const testKeyring = newKeyring('test');
export const testKeyRing = KeyRing.parse(testKeyring, 'KEYRING');
export const testVault = new Vault(testKeyRing);
