import { decodeJsonText, MalformedJson, parseLenientJson } from './lenient-json.js';

describe('parseLenientJson', () => {
  it.each([
    ['{"id":"123"}', { id: '123' }],
    ["{'id':'123'}", { id: '123' }],
    ['{id:123}', { id: 123 }],
    ['{id:"123",}', { id: '123' }],
    ['/* copied */ {id: 1} // from the documentation', { id: 1 }],
  ])('reads %s', (text, value) => {
    expect(parseLenientJson(text)).toEqual(value);
  });

  it.each(['{"id":%}', '{id:%}', "{'id':%}", '{"a":"\\"",id:%,}', '{id:%/* the person */}', '{id: // 1\n%}'])(
    'keeps the digits of an id beyond 2^53 in %s',
    (template) => {
      const parsed = parseLenientJson(template.replace('%', '12345678901234567890'));
      expect(parsed).toMatchObject({ id: '12345678901234567890' });
    },
  );

  it('leaves numbers that fit, fractions and exponents alone', () => {
    expect(parseLenientJson('[9007199254740991,-9007199254740993,1234567890123456.5,1e20]')).toEqual([
      9007199254740991,
      '-9007199254740993',
      1234567890123456.5,
      1e20,
    ]);
  });

  it.each([
    '{"text":"12345678901234567890"}',
    '{"text":"an \\" then 12345678901234567890 //"}',
    "{text:'it\\'s 12345678901234567890 /* x */'}",
  ])('never touches text: %s', (text) => {
    expect(JSON.stringify(parseLenientJson(text))).not.toContain('""');
    expect(parseLenientJson(text)).toEqual({ text: expect.stringContaining('12345678901234567890') });
  });

  it.each(['{"__proto__":{"admin":true}}', '{__proto__:{admin:true}}', '{"a":[{"__proto__":{"admin":true}}]}'])(
    'drops the prototype key of %s',
    (text) => {
      const parsed = parseLenientJson(text) as any;
      expect(JSON.stringify(parsed)).not.toContain('admin');
      expect(Object.assign({}, parsed).admin).toBeUndefined();
      expect(({} as any).admin).toBeUndefined();
    },
  );

  it('keeps NUL and lone surrogates as they are', () => {
    expect(parseLenientJson('{"text":"a\\u0000b\\ud800"}')).toEqual({ text: 'a\u0000b\ud800' });
  });

  it.each(['{"id":', '{id', 'hello there', '{"a":1}}', '', '{"a":"\\'])('refuses %j', (text) => {
    expect(() => parseLenientJson(text)).toThrow(MalformedJson);
  });

  it('refuses what is nested too deeply, however deep', () => {
    expect(() => parseLenientJson('['.repeat(40) + ']'.repeat(40))).toThrow(MalformedJson);
    expect(() => parseLenientJson('['.repeat(200_000) + ']'.repeat(200_000))).toThrow(MalformedJson);
    expect(() => parseLenientJson('{a:'.repeat(100_000))).toThrow(MalformedJson);
  });

  it('reads megabytes of one string, and of nothing but escaped quotes', () => {
    const long = 'x'.repeat(8_000_000);
    expect(parseLenientJson(JSON.stringify({ long }))).toEqual({ long });
    expect(() => parseLenientJson('"' + '\\"'.repeat(500_000) + '\\')).toThrow(MalformedJson);
  });
});

describe('decodeJsonText', () => {
  it('decodes texts of objects and lists, and leaves everything else', () => {
    expect(decodeJsonText(' {id:1}')).toEqual({ id: 1 });
    expect(decodeJsonText('["a"]')).toEqual(['a']);
    expect(decodeJsonText('{broken')).toBe('{broken');
    expect(decodeJsonText('123')).toBe('123');
    expect(decodeJsonText(undefined)).toBeUndefined();
  });
});
