import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

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

  it('takes a request labelled as JSON without a body for one without a body', async () => {
    const call = (method: string, path: string) =>
      fetch(`${signalbox.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      });
    await signalbox.api('PUT', '/api/v1/apps/501', { name: 'Bot' });
    expect((await call('POST', '/apps/501/pause')).status).toBe(200);
    expect(await (await call('PUT', '/pages/501')).json()).toMatchObject({
      code: 'invalid_request',
      detail: 'Invalid input: expected object, received undefined',
    });
  });

  it('says in words which durations the clock understands', async () => {
    const { status, body } = await signalbox.api('POST', '/api/v1/simulator/clock', { advance: '-1h' });
    expect(status).toBe(400);
    expect(body.detail).toMatch(/^advance: must be a duration such as 24h, 1d12h or 90m/);
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
