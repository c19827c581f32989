import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BadSettingError, readSettings, settingsSchema } from './settings.js';

const example = readFileSync(path.join(import.meta.dirname, '../../.env.example'), 'utf8');

it('is listed in .env.example, each setting with its default', () => {
  const listed = [...example.matchAll(/^# ?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  const defaults = readSettings({}).values;
  const expected = Object.keys(settingsSchema.shape).map((name) => {
    const value = defaults[name as keyof typeof defaults];
    return [name, value === undefined ? '' : String(value)];
  });
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(expected));
});

it('takes an empty variable for one that is not set', () => {
  expect(readSettings({ PORT: '', ADMIN_TOKEN: '' }).values).toMatchObject({ PORT: 3000 });
});

it.each([
  [{ PORT: 'abc' }, 'The setting PORT is not valid: it must be a whole number from 0 to 65535.'],
  [{ PORT: '70000' }, 'The setting PORT is not valid: it must be a whole number from 0 to 65535.'],
  [{ DATABASE_POOL: '0' }, 'The setting DATABASE_POOL is not valid: it must be a whole number from 1 to 200.'],
  [{ MODE: 'x' }, 'The setting MODE is not valid: it must be emulator or gateway.'],
  [{ DEMO: 'yes' }, 'The setting DEMO is not valid: it must be true or false.'],
  [{ ADMIN_TOKEN: 'short' }, 'The setting ADMIN_TOKEN is not valid: it must have at least 16 characters.'],
  [{ DATABASE_URL: 'mysql://x' }, 'The setting DATABASE_URL is not valid: it must begin with postgres://.'],
  [
    { CALLBACK_ALLOW: '10.0.0.0/8, 10.0.0.0/99' },
    'The setting CALLBACK_ALLOW is not valid: it must be address ranges such as 10.1.0.0/16, separated by commas.',
  ],
  [
    { CALLBACK_PORTS: '443,https' },
    'The setting CALLBACK_PORTS is not valid: it must be port numbers separated by commas, such as 443,8443.',
  ],
  [
    { FAILPOINTS: 'ingest.afterCommit=2,ingest.aftercommit' },
    'The setting FAILPOINTS is not valid: it must be names among ingest.beforeCommit, ingest.afterCommit, ' +
      'deliver.beforePost, deliver.afterPost, cursor.beforeSave, cursor.afterSave, lease.afterClaim, ' +
      'timers.beforeFire, send.beforeCall, send.afterCall, each perhaps with =N and an action ' +
      '(:kill, :throw, :pause, :block), separated by commas.',
  ],
  [{ TLS: 'on' }, 'The setting TLS is not valid: it must be off or generated.'],
  [{ TLS_CERT: 'cert.pem' }, 'The settings TLS_CERT and TLS_KEY go together: a certificate and its key.'],
  [
    { TLS: 'generated', TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' },
    'The setting TLS=generated makes a certificate, and TLS_CERT names one: set only one.',
  ],
  [
    { MODE: 'gateway', FAILPOINTS: 'ingest.afterCommit' },
    'The setting FAILPOINTS is for tests only and is refused in gateway mode.',
  ],
  [
    { MODE: 'gateway', META_APP_SECRET: 'long enough' },
    'The gateway needs META_VERIFY_TOKEN: no webhook of the platform can be trusted otherwise.',
  ],
  [
    {
      MODE: 'gateway',
      META_APP_SECRET: 'long enough',
      META_VERIFY_TOKEN: 'long enough',
      DATABASE_URL: 'postgres://localhost/x',
    },
    'The gateway needs KEYRING beside DATABASE_URL: the keys that every instance opens the secrets in that database with.',
  ],
])('says what is wrong with %j', (env, sentence) => {
  expect(() => readSettings(env)).toThrow(new BadSettingError(sentence));
});
