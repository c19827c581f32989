import { randomBytes } from 'node:crypto';
import { KeyRing } from '../config/key-ring.js';
import { StoreUnavailableError } from './store-unavailable.error.js';
import { Vault } from './vault.js';

const oldKey = `old:${randomBytes(32).toString('base64')}`;
const newKey = `new:${randomBytes(32).toString('base64')}`;
const vaultOf = (...keys: string[]) => new Vault(KeyRing.parse(keys.join(','), 'KEYRING'));
const vault = vaultOf(oldKey);
const place = { table: 'app', column: 'app_secret', row: '2100000000000011' };
const secret = 'a secret, ünd mehr';
const sealed = vault.seal(place, secret);

it('opens what it has sealed, and shows nothing of it before', () => {
  expect(vault.open(place, sealed)).toBe(secret);
  expect(sealed).not.toContain('secret');
  expect(Buffer.from(sealed.split(':')[3] ?? '', 'base64url').toString('latin1')).not.toContain('secret');
  expect(vault.seal(place, secret)).not.toBe(sealed);
});

it.each([
  ['another row', { ...place, row: '2200000000000022' }],
  ['another column', { ...place, column: 'verify_token' }],
  ['another table', { ...place, table: 'page' }],
])('does not open in %s', (_, elsewhere) => {
  expect(() => vault.open(elsewhere, sealed)).toThrow(StoreUnavailableError);
});

it('does not open once any bit of it is another', () => {
  const [, , , text = ''] = sealed.split(':');
  const bytes = Buffer.from(text, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => vault.open(place, `sealed:1:old:${changed.toString('base64url')}`)).toThrow(StoreUnavailableError);
  }
});

it.each(['', secret, 'sealed:1:old:', 'sealed:2:old:AAAA', 'sealed:1:old:AAAA'])('takes "%s" for no secret', (text) => {
  expect(() => vault.open(place, text)).toThrow(StoreUnavailableError);
});

it('opens with any of its keys and none but them', () => {
  expect(vaultOf(newKey, oldKey).open(place, sealed)).toBe(secret);
  expect(() => vaultOf(newKey).open(place, sealed)).toThrow(/sealed with the key "old", and there is only "new"/);
  const forged = `old:${newKey.split(':')[1]}`;
  expect(() => vaultOf(forged).open(place, sealed)).toThrow(StoreUnavailableError);
});

it('never tells the secret or a key', () => {
  for (const refused of [() => vaultOf(newKey).open(place, sealed), () => vault.open(place, secret)]) {
    expect(refused).not.toThrow(secret);
    expect(refused).not.toThrow(newKey.split(':')[1]);
  }
});
