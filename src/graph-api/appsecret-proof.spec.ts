import { appsecretProof, isAppsecretProof } from './appsecret-proof.js';

const secret = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const token = 'EAATESTTOKEN';
const proof = '653eb8b629f1c14c99194dbf1e9cfa8a80da9ce1610d1d189a9b9c9abf1446bf';

it('makes the proof the platform expects', () => {
  expect(appsecretProof(token, secret)).toBe(proof);
});

it('accepts that proof and no other', () => {
  expect(isAppsecretProof(proof, token, secret)).toBe(true);
  expect(isAppsecretProof(appsecretProof(token, ''), token, secret)).toBe(false); // a client configured without a secret
  expect(isAppsecretProof(proof, 'EAAOTHER', secret)).toBe(false);
  expect(isAppsecretProof(proof.slice(1), token, secret)).toBe(false);
  expect(isAppsecretProof('', token, secret)).toBe(false);
  expect(isAppsecretProof('ü'.repeat(32), token, secret)).toBe(false);
});
