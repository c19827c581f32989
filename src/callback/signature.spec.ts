import { signatureHeaders } from './signature.js';

const body = Buffer.from(
  String.raw`{"object":"page","entry":[{"time":1767225601000,"id":"104700000000001","messaging":[{"sender":{"id":"7000000000000101"},"recipient":{"id":"104700000000001"},"timestamp":1767225600500,"message":{"mid":"m_testvector0001","text":"\u00e4\u00f6\u00e5 50\u0025 \u003Cb> a\u0040b https:\/\/x.test\/ \ud83d\udc4b"}}]}]}`,
);

it('signs the bytes with both hashes', () => {
  expect(signatureHeaders('a1b2c3d4e5f60718293a4b5c6d7e8f90', body)).toEqual({
    'X-Hub-Signature': 'sha1=0ba65ebe78b9de4f498225c0443ef39e78ddb97d',
    'X-Hub-Signature-256': 'sha256=67d6eeb3369c2883339c471d28a8ddcce8d8b33ce50f079a111f59f41aaa5cb0',
  });
});
