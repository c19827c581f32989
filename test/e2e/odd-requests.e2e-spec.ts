import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';

describe('requests that the web framework would refuse by itself', () => {
  let signalbox: TestSignalbox;
  beforeAll(async () => {
    signalbox = await startSignalbox();
  });
  afterAll(() => signalbox.stop());

  it('answers an address that cannot be decoded in the envelope, without repeating the token in it', async () => {
    const response = await fetch(`${signalbox.url}/v12.0/me/%E0%A4%A?access_token=EAASECRET`);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).not.toContain('EAASECRET');
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'OAuthException', code: 100 } });
  });

  it('answers such an address of its own API as a problem', async () => {
    const { status, headers, body } = await signalbox.api('GET', '/api/v1/pages/%E0%A4%A');
    expect(status).toBe(400);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'invalid_request' });
  });

  it('answers an unknown path of its own API as a problem', async () => {
    const { status, body } = await signalbox.api('GET', '/api/v1/nothing');
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'not_found' });
  });

  it('reads a body whatever its label', async () => {
    const response = await fetch(`${signalbox.url}/v12.0/me/messages`, {
      method: 'POST',
      headers: { 'content-type': 'x' },
      body: 'access_token=EAAnobody',
    });
    expect(await response.json()).toMatchObject({ error: { code: 190 } });
  });
});
