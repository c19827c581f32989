import { parseJson, rawNumber, toWireJson } from './wire-json.js';

describe('parseJson', () => {
  it.each([
    '-0',
    '1.0',
    '{"app_id":24690135798024683}',
    '{"a": -12345678901234567}',
    '[1,2e3]',
    '[ 0.10]',
    '{"a":[{"b":99999999999999999999}],"c":1767225600500}',
  ])('keeps every digit of %s', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(text.replaceAll(' ', ''));
  });

  it('parses ordinary numbers and digits in strings as usual', () => {
    const text = '{"id":"24690135798024683","timestamp":1767225600500,"mid":"m_1.5:-0,2e3"}';
    expect(parseJson(text)).toEqual({ id: '24690135798024683', timestamp: 1767225600500, mid: 'm_1.5:-0,2e3' });
  });
});

describe('toWireJson', () => {
  it('escapes what the platform escapes, in lower case', () => {
    expect(toWireJson({ text: 'äöå 50% <b> a@b https://x.test/ 👋\u0000\ud800' })).toBe(
      '{"text":"\\u00e4\\u00f6\\u00e5 50\\u0025 \\u003Cb> a\\u0040b https:\\/\\/x.test\\/ \\ud83d\\udc4b\\u0000\\ud800"}',
    );
  });

  it('writes a raw number as its digits', () => {
    expect(toWireJson({ app_id: rawNumber('24690135798024683') })).toBe('{"app_id":24690135798024683}');
  });
});
