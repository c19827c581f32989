import { AddressGuard, loopbackCidrs } from './address-guard.js';
import { parseCallbackUrl } from './callback-url.js';

const strict = new AddressGuard([]);
const strictRules = { httpsOnly: true, ports: [443, 8443] };
const emulator = new AddressGuard(loopbackCidrs);
const emulatorRules = { httpsOnly: false, ports: null };

it.each([
  'https://bot.example/hook',
  'https://bot.example:8443/',
  'https://bot.example/hook?key=1',
  'https://8.8.8.8/',
])('accepts %s', (text) => {
  expect(parseCallbackUrl(text, strictRules, strict)).toMatchObject({ ok: true });
});

it('accepts plain HTTP and any port where that is allowed', () => {
  for (const text of ['http://127.0.0.1:3001/hook', 'http://[::1]:3001/hook', 'http://localhost:9/']) {
    expect(parseCallbackUrl(text, emulatorRules, emulator)).toMatchObject({ ok: true });
  }
});

it('accepts plain HTTP and any port at an address in a range the operator lists, not at a name', () => {
  const listing = new AddressGuard(['10.1.0.0/16']);
  expect(parseCallbackUrl('http://10.1.2.3:8080/hook', strictRules, listing)).toMatchObject({ ok: true });
  for (const text of ['http://10.2.0.1/', 'http://8.8.8.8/', 'http://bot.example/', 'https://8.8.8.8:8080/']) {
    expect(parseCallbackUrl(text, strictRules, listing)).toMatchObject({ ok: false });
  }
});

it.each([
  ['', /complete URL/],
  ['bot.example/hook', /complete URL/],
  ['//bot.example', /complete URL/],
  ['http://bot.example/', /https/],
  ['ftp://bot.example/', /https/],
  ['file:///etc/passwd', /https/],
  ['javascript:alert(1)', /https/],
  ['https://user@bot.example/', /user name/],
  ['https://user:secret@bot.example/', /user name/],
  ['https://bot.example/#part', /fragment/],
  ['https://bot.example/#', /fragment/],
  ['https://bot.example:22/', /port 22/],
  [`https://bot.example/${'x'.repeat(2048)}`, /longer/],
  ['https://127.0.0.1/', /127\.0\.0\.1 is not public/],
  ['https://2130706433/', /127\.0\.0\.1 is not public/],
  ['https://0x7f.1/', /127\.0\.0\.1 is not public/],
  ['https://0177.0.0.1/', /127\.0\.0\.1 is not public/],
  ['https://①②⑦.0.0.1/', /127\.0\.0\.1 is not public/],
  ['https://169.254.169.254/latest/meta-data', /linkLocal/],
  ['https://[::1]/', /loopback/],
  ['https://[::ffff:10.0.0.1]/', /ipv4Mapped/],
  ['https://[64:ff9b::7f00:1]/', /rfc6052/],
])('refuses %s', (text, reason) => {
  const parsed = parseCallbackUrl(text, strictRules, strict);
  expect(parsed.ok ? '' : parsed.reason).toMatch(reason);
});
