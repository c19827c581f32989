import { decodeJsonText } from './lenient-json.js';
import { readGraphRequest, UnreadableRequest, type RawRequest } from './request-parameters.js';

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

function read(request: Partial<Omit<RawRequest, 'body'>> & { body?: string | Buffer }) {
  const { body = '', ...rest } = request;
  return readGraphRequest({ method: 'POST', url: '/me/messages', headers: {}, ...rest, body: Buffer.from(body) });
}

/** The parameters with their JSON texts decoded, as the endpoints read structured ones. */
async function structured(request: Parameters<typeof read>[0]) {
  const { parameters } = await read(request);
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, decodeJsonText(value)]));
}

describe('the same message in every form a client sends', () => {
  const message = { recipient: { id: '7000000000000101' }, message: { text: 'hi & hello + ü' } };
  const text = JSON.stringify(message);
  const encoded = encodeURIComponent(JSON.stringify(message.message));
  const fields = `recipient=%7B%22id%22%3A%227000000000000101%22%7D&message=${encoded}`;
  const bracketed = 'recipient[id]=7000000000000101&message[text]=hi+%26+hello+%2B+%C3%BC';
  const multipart = [
    '--x',
    'Content-Disposition: form-data; name="recipient"',
    '',
    '{"id":"7000000000000101"}',
    '--x',
    'Content-Disposition: form-data; name="message"',
    'Content-Type: application/json',
    '',
    '{"text":"hi & hello + ü"}',
    '--x--',
    '',
  ].join('\r\n');

  it.each<[string, Parameters<typeof read>[0]]>([
    ['JSON', { headers: json, body: text }],
    ['JSON with a charset', { headers: { 'content-type': 'application/json; charset=utf-8' }, body: text }],
    ['JSON with a byte order mark', { headers: json, body: `\ufeff${text}` }],
    ['JSON labelled as a form', { headers: form, body: text }],
    ['JSON labelled as text', { headers: { 'content-type': 'text/plain' }, body: text }],
    ['JSON without a label', { body: ` ${text}\n` }],
    ['single quotes', { headers: json, body: text.replaceAll('"', "'") }],
    ['bare keys', { headers: json, body: `{recipient:{id:'7000000000000101'},message:{text:"hi & hello + ü"}}` }],
    [
      'JSON texts within JSON',
      {
        headers: json,
        body: JSON.stringify({
          recipient: JSON.stringify(message.recipient),
          message: JSON.stringify(message.message),
        }),
      },
    ],
    ['a form with JSON texts', { headers: form, body: fields }],
    ['a form without a label', { body: fields }],
    ['a form labelled as bytes', { headers: { 'content-type': 'application/octet-stream' }, body: fields }],
    ['a bracketed form', { headers: form, body: bracketed }],
    ['multipart', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: multipart }],
    ['the query string', { url: `/me/messages?${fields}` }],
    ['a bracketed query string, with a JSON label and no body', { url: `/me/messages?${bracketed}`, headers: json }],
    [
      'half query string, half body',
      {
        url: '/me/messages?recipient[id]=7000000000000101',
        headers: json,
        body: JSON.stringify({ message: message.message }),
      },
    ],
  ])('%s', async (_form, request) => {
    expect(await structured(request)).toEqual(message);
  });
});

describe('readGraphRequest', () => {
  it('keeps ids beyond 2^53 exact in every form', async () => {
    for (const body of ['{"recipient":{"id":12345678901234567890}}', '{recipient:{id:12345678901234567890}}']) {
      expect(await structured({ headers: json, body })).toEqual({ recipient: { id: '12345678901234567890' } });
      expect(await structured({ body: `recipient=${encodeURIComponent(body)}` })).toMatchObject({
        recipient: { recipient: { id: '12345678901234567890' } },
      });
    }
    expect((await read({ url: '/me?recipient=12345678901234567890' })).parameters).toEqual({
      recipient: '12345678901234567890',
    });
  });

  it('leaves the text of a form as text, even if it looks like JSON', async () => {
    const { parameters } = await read({ body: 'metadata={"a":1}&n=5&b=true' });
    expect(parameters).toEqual({ metadata: '{"a":1}', n: '5', b: 'true' });
  });

  it.each(['{}', '', ' ', 'null'])('takes %j as the body of a GET and of a POST', async (body) => {
    expect((await read({ method: 'GET', url: '/me?fields=id', headers: json, body })).parameters).toEqual({
      fields: 'id',
    });
    expect((await read({ headers: json, body })).parameters).toEqual({});
  });

  it('reads uploads', async () => {
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="message[attachment][type]"\r\n\r\nimage\r\n--b\r\n'),
      Buffer.from(
        'Content-Disposition: form-data; name="filedata"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
      ),
      Buffer.from([0x89, 0x50, 0, 0xff]),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const request = await read({ headers: { 'content-type': 'Multipart/Form-Data; boundary="b"' }, body });
    expect(request.parameters).toEqual({ message: { attachment: { type: 'image' } } });
    expect(request.files).toEqual([
      { name: 'filedata', fileName: 'a.png', contentType: 'image/png', content: Buffer.from([0x89, 0x50, 0, 0xff]) },
    ]);
  });

  it('lets the query string win over the body, and the last value over the first', async () => {
    const { parameters } = await read({ url: '/me?a=1&a=2', headers: json, body: '{"a":3,"b":4,"b":5}' });
    expect(parameters).toEqual({ a: '2', b: 5 });
  });

  it.each([
    ['{"recipient"', 'The request body is not valid JSON'],
    ['["a"]', 'must be a JSON object'],
    ['{"a":1} trailing', 'not valid JSON'],
  ])('refuses %s, labelled as JSON or as a form', async (body, message) => {
    for (const headers of [json, form, {}]) {
      const reading = read({ headers, body });
      await expect(reading).rejects.toThrow(UnreadableRequest);
      await expect(reading).rejects.toThrow(message);
    }
  });

  it('refuses text, numbers and forms that call themselves JSON', async () => {
    for (const body of ['hello', '17', '"text"', 'recipient=1']) {
      await expect(read({ headers: json, body })).rejects.toThrow(UnreadableRequest);
    }
  });

  it.each(['no boundary in sight', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut of'])(
    'refuses a multipart body that is none: %s',
    async (body) => {
      await expect(read({ headers: { 'content-type': 'multipart/form-data; boundary=x' }, body })).rejects.toThrow(
        UnreadableRequest,
      );
      await expect(read({ headers: { 'content-type': 'multipart/form-data' }, body })).rejects.toThrow(
        UnreadableRequest,
      );
    },
  );

  it('keeps prototypes out of reach', async () => {
    for (const request of [
      { headers: json, body: '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}' },
      { body: '__proto__[admin]=true' },
      { url: '/me?__proto__[admin]=true&__proto__=x' },
    ]) {
      const { parameters } = await read(request);
      expect(parameters['admin']).toBeUndefined();
      expect(Object.getPrototypeOf(parameters)).toBeNull();
      expect(({} as any).admin).toBeUndefined();
    }
  });
});

describe('the path', () => {
  it.each([
    ['/v12.0/me/messages', 'v12.0', ['me', 'messages']],
    ['/v2.6/me/messages', 'v2.6', ['me', 'messages']],
    ['/v2.10/me', 'v2.10', ['me']],
    ['/v99.7/me', 'v99.7', ['me']],
    ['/me/messages', null, ['me', 'messages']],
    ['//me//messages/', null, ['me', 'messages']],
    ['/v6.0//me/messages', 'v6.0', ['me', 'messages']],
    ['/v2.5/me', null, ['v2.5', 'me']],
    ['/v12/me', null, ['v12', 'me']],
    ['/LATEST/me', null, ['LATEST', 'me']],
    ['/', null, []],
    ['/v12.0/?access_token=x', 'v12.0', []],
    ['/1%30/a%zz', null, ['10', 'a%zz']],
  ])('%s', async (url, version, path) => {
    expect(await read({ url })).toMatchObject({ version, path });
  });
});

describe('the verb', () => {
  it.each([
    ['GET', '?method=delete', '', 'DELETE'],
    ['POST', '?method=DELETE', '', 'DELETE'],
    ['POST', '', 'method=get', 'GET'],
    ['POST', '', '{"method":"delete"}', 'DELETE'],
    ['GET', '?method=post', '', 'POST'],
    ['GET', '?method=dance', '', 'GET'],
    ['DELETE', '?method=get', '', 'DELETE'],
    ['post', '', '', 'POST'],
  ])('%s /x%s with body %j is %s', async (method, query, body, expected) => {
    const request = await read({ method, url: `/x${query}`, body });
    expect(request.method).toBe(expected);
    expect(request.parameters).toEqual({});
  });
});

describe('the credentials', () => {
  const header = { authorization: 'Bearer IN_HEADER' };
  it.each<[string, Parameters<typeof read>[0], string | null]>([
    ['query', { url: '/me?access_token=IN_QUERY', headers: header, body: 'access_token=IN_BODY' }, 'IN_QUERY'],
    ['form', { headers: header, body: 'access_token=IN_BODY' }, 'IN_BODY'],
    ['JSON', { headers: { ...header, ...json }, body: '{"access_token":"IN_BODY"}' }, 'IN_BODY'],
    ['body, if the query has an empty one', { url: '/me?access_token=', body: 'access_token=IN_BODY' }, 'IN_BODY'],
    ['Bearer', { headers: header }, 'IN_HEADER'],
    ['bearer', { headers: { authorization: 'bearer  IN_HEADER ' } }, 'IN_HEADER'],
    ['OAuth', { headers: { authorization: 'OAuth 123|secret' } }, '123|secret'],
    ['Basic', { headers: { authorization: 'Basic abc' } }, null],
    ['nowhere', {}, null],
    ['an app token in the query', { url: '/me?access_token=123|se%7Ccret' }, '123|se|cret'],
  ])('token in %s', async (_place, request, token) => {
    const read_ = await read(request);
    expect(read_.accessToken).toBe(token);
    expect(read_.parameters).toEqual({});
  });

  it('takes the proof out of query or body', async () => {
    expect((await read({ url: '/me?appsecret_proof=aa' })).appsecretProof).toBe('aa');
    expect((await read({ headers: json, body: '{"appsecret_proof":"bb"}' })).appsecretProof).toBe('bb');
    expect((await read({})).appsecretProof).toBeNull();
  });
});
