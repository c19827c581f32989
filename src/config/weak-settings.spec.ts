import { BadSettingError, readSettings } from './settings.js';

const good = {
  MODE: 'gateway',
  ADMIN_TOKEN: '8c1f0b7e5d2a94c36e7f80a1b2c3d4e5',
  META_APP_SECRET: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  META_VERIFY_TOKEN: 'f9e8d7c6b5a493827160',
};

it.each<[string, Record<string, string>, RegExp]>([
  ['a short admin token', { ADMIN_TOKEN: '8c1f0b7e5d2a94c3' }, /ADMIN_TOKEN needs at least 24/],
  ['a repeated character', { META_APP_SECRET: 'a'.repeat(32) }, /META_APP_SECRET can be guessed/],
  ['an example', { ADMIN_TOKEN: 'change-me-before-you-go-live' }, /ADMIN_TOKEN looks like an example/],
  ['a word for a secret', { META_VERIFY_TOKEN: 'my-password-2026' }, /META_VERIFY_TOKEN looks like an example/],
  ['callbacks anywhere', { CALLBACK_ALLOW: '10.1.0.0/16, 0.0.0.0/0' }, /CALLBACK_ALLOW has 0\.0\.0\.0\/0/],
  ['callbacks anywhere in IPv6', { CALLBACK_ALLOW: '::/0' }, /CALLBACK_ALLOW has ::\/0/],
  ['plain HTTP for others', { HOST: '0.0.0.0' }, /HOST can be other machines’ only with TLS/],
])('the gateway does not start with %s, and the emulator does', (_, settings, reason) => {
  expect(() => readSettings({ ...good, ...settings })).toThrow(BadSettingError);
  expect(() => readSettings({ ...good, ...settings })).toThrow(reason);
  expect(() => readSettings({ ...good, ...settings, MODE: 'emulator' })).not.toThrow();
});

it.each<Record<string, string>>([
  {},
  { HOST: '::1' },
  { HOST: '0.0.0.0', TLS: 'generated' },
  { HOST: '0.0.0.0', TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' },
  { HOST: '0.0.0.0', TRUSTED_PROXIES: '10.0.0.0/24' },
  { CALLBACK_ALLOW: '10.0.0.0/8' },
])('the gateway starts with %j', (settings) => {
  expect(() => readSettings({ ...good, ...settings })).not.toThrow();
});
