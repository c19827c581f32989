import fc from 'fast-check';
import { parseJson, toWireJson } from './wire-json.js';

describe('toWireJson', () => {
  it.each([
    ['umlauts', 'äöå é', String.raw`"\u00e4\u00f6\u00e5 \u00e9"`],
    ['an emoji as two units in lower case', '👋', String.raw`"\ud83d\udc4b"`],
    ['an emoji of several characters', '❤️', String.raw`"\u2764\ufe0f"`],
    [
      'slash, at, per cent and less-than',
      'https://x.test/ a@b 50% <b>',
      String.raw`"https:\/\/x.test\/ a\u0040b 50\u0025 \u003Cb>"`,
    ],
    ['a NUL', 'a\u0000b', String.raw`"a\u0000b"`],
    ['control characters', '\b\t\n\f\r\u001f\u007f', String.raw`"\b\t\n\f\r\u001f\u007f"`],
    ['a lone high surrogate', 'a\ud800b', String.raw`"a\ud800b"`],
    ['a lone low surrogate', '\udc4b', String.raw`"\udc4b"`],
    ['surrogates the wrong way round', '\udc4b\ud83d', String.raw`"\udc4b\ud83d"`],
    ['line separators', '\u2028\u2029', String.raw`"\u2028\u2029"`],
    ['quotes and backslashes', '"\\', String.raw`"\"\\"`],
    ['a key', { 'ü/': 1 }, String.raw`{"\u00fc\/":1}`],
    ['null', null, 'null'],
  ])('writes %s', (_, value, expected) => {
    expect(toWireJson(value)).toBe(expected);
  });

  it('matches a body as the platform signed it', () => {
    const text = 'äöå 50% <b> a@b https://x.test/ 👋';
    expect(toWireJson({ message: { mid: 'm_testvector0001', text } })).toBe(
      String.raw`{"message":{"mid":"m_testvector0001","text":"\u00e4\u00f6\u00e5 50\u0025 \u003Cb> a\u0040b https:\/\/x.test\/ \ud83d\udc4b"}}`,
    );
  });

  it('says the same as JSON.stringify, in ASCII without the escaped signs', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const wire = toWireJson(value);
        expect(wire).toMatch(/^[\x20-\x7e]*$/);
        expect(wire).not.toMatch(/(?<!\\)\/|[@%<]/);
        expect(JSON.parse(wire)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 20_260_101, numRuns: 1000 },
    );
  });

  it('writes every UTF-16 unit so that it comes back', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const text = String.fromCharCode(unit);
      if (JSON.parse(toWireJson(text)) !== text) throw new Error(`unit ${unit.toString(16)} is lost`);
    }
  });
});

describe('parseJson keeps every number as it was written', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '18446744073709551615',
    '99999999999999999999',
    '1e400',
    '-1e400',
    '1e-400',
    '-0',
    '-0.0',
    '1.0',
    '1.50',
    '0.1',
    '1E5',
    '1e5',
    '123456789012345678901234567890.123456789',
    '12345678901234567e0',
    '2100000000000011',
    '0',
    '-1',
  ])('%s', (number) => {
    for (const text of [number, `[${number}]`, `{"a":{"b":${number}}}`]) expect(toWireJson(parseJson(text))).toBe(text);
  });

  it('leaves numbers alone that JavaScript holds exactly', () => {
    expect(parseJson('{"a":1767225600500,"b":[0.5,-7]}')).toEqual({ a: 1_767_225_600_500, b: [0.5, -7] });
    expect(parseJson('{"a":2100000000000011}')).toEqual({ a: 2_100_000_000_000_011 });
  });

  it('does not touch digits in strings', () => {
    expect(parseJson('{"id":"99999999999999999999","n":99999999999999999999,"text":"1.0 -0 1e400"}')).toMatchObject({
      id: '99999999999999999999',
      text: '1.0 -0 1e400',
    });
  });
});

describe('parseJson takes what may be hostile', () => {
  it('keeps the last of duplicate keys', () => {
    expect(toWireJson(parseJson('{"a":1,"a":2}'))).toBe('{"a":2}');
    expect(toWireJson(parseJson('{"a":1.0,"a":99999999999999999999}'))).toBe('{"a":99999999999999999999}');
    expect(toWireJson(parseJson('{"a":99999999999999999999,"a":"text"}'))).toBe('{"a":"text"}');
    expect(toWireJson(parseJson('{"a":{"b":1.0},"a":{"b":2.0}}'))).toBe('{"a":{"b":2.0}}');
  });

  it('takes __proto__ for a key like any other', () => {
    for (const text of ['{"__proto__":{"polluted":true}}', '{"__proto__":{"polluted":true},"n":1.0}']) {
      const value: any = parseJson(text);
      expect(value.polluted).toBeUndefined();
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(toWireJson(value)).toBe(text);
    }
    expect({}).not.toHaveProperty('polluted');
  });

  it.each(['', '{', '{"a":}', '[1,]', "{'a':1}", 'NaN', '1.', '01', '"\u0001"'])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('reads escaped NULs and lone surrogates and writes the same again', () => {
    const text = String.raw`{"text":"\u0000 \ud800 \udc4b\ud83d"}`;
    expect(toWireJson(parseJson(text))).toBe(text);
  });

  it('writes what it read, whatever it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const wire = toWireJson(value);
        expect(toWireJson(parseJson(wire))).toBe(wire);
      }),
      { seed: 20_260_102, numRuns: 1000 },
    );
  });
});
