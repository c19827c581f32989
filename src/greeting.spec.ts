import { demoCommand } from './greeting.js';

it('names the server that the demo would not look for by itself', () => {
  expect(demoCommand('http://127.0.0.1:3000', null)).toBe('npm run demo');
  expect(demoCommand('http://127.0.0.1:8080', null)).toBe('SIGNALBOX_URL=http://127.0.0.1:8080 npm run demo');
  expect(demoCommand('https://127.0.0.1:3000', '/data/tls-authority.pem')).toBe(
    "NODE_EXTRA_CA_CERTS='/data/tls-authority.pem' SIGNALBOX_URL=https://127.0.0.1:3000 npm run demo",
  );
});
