import { AddressGuard, loopbackCidrs } from './address-guard.js';

const strict = new AddressGuard([]);

it.each(['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111'])('allows the public address %s', (address) => {
  expect(strict.refusal(address)).toBeUndefined();
});

it.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '198.18.0.1',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '100::1',
])('refuses %s', (address) => {
  expect(strict.refusal(address)).toMatch(/is not public/);
});

it('refuses what is no address', () => {
  expect(strict.refusal('localhost')).toMatch(/not an IP address/);
});

it('allows exactly the ranges an operator lists', () => {
  const guard = new AddressGuard([...loopbackCidrs, '10.1.0.0/16', 'fd00::/8']);
  for (const address of ['127.0.0.1', '::1', '10.1.255.1', 'fd00::1', '8.8.8.8']) {
    expect(guard.refusal(address)).toBeUndefined();
  }
  for (const address of ['10.2.0.1', '::ffff:127.0.0.1', '::ffff:10.1.0.1', 'fe80::1']) {
    expect(guard.refusal(address)).toBeDefined();
  }
});

it('does not start with a malformed range', () => {
  expect(() => new AddressGuard(['10.0.0.0'])).toThrow();
});
