import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KeyRing, readKeyRing } from './key-ring.js';
import { BadSettingError } from './settings.js';

const key = () => randomBytes(32).toString('base64');

it('seals with its first key and opens with all', () => {
  const ring = KeyRing.parse(`new:${key()}, old:${key()}`, 'KEYRING');
  expect(ring.first.id).toBe('new');
  expect(ring.ids).toEqual(['new', 'old']);
  expect(ring.get('old')?.bytes).toHaveLength(32);
  expect(ring.get('gone')).toBeUndefined();
});

it.each([
  ['a key that is too short', `a:${randomBytes(16).toString('base64')}`],
  ['no id', key()],
  ['nothing', ''],
  ['an example', `a:${Buffer.alloc(32).toString('base64')}`],
  ['a typed key', `a:${Buffer.from('changeme'.repeat(4)).toString('base64')}`],
  ['an id twice', `a:${key()},a:${key()}`],
])('refuses %s, and repeats no key', (_, text) => {
  const refusal = expect(() => KeyRing.parse(text, 'The setting KEYRING'));
  refusal.toThrow(BadSettingError);
  refusal.toThrow(/^The setting KEYRING is not valid: [^\n]*\.$/);
  for (const [part] of text.matchAll(/[A-Za-z0-9+/]{20,}/g)) refusal.not.toThrow(part);
});

it('is made once in a data folder, for nobody else to read, however many start at once', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'signalbox-keyring-'));
  try {
    const rings = await Promise.all(Array.from({ length: 8 }, () => readKeyRing(undefined, folder)));
    expect(new Set(rings.map(({ first }) => `${first.id}:${first.bytes.toString('hex')}`)).size).toBe(1);
    expect(await readdir(folder)).toEqual(['keyring']);
    expect((await stat(path.join(folder, 'keyring'))).mode & 0o777).toBe(0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
});
