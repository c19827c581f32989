import { readUrlEncoded } from './form-fields.js';

describe('readUrlEncoded', () => {
  it.each([
    ['a=1&b=two+words&c=%7B%7D&d=', { a: '1', b: 'two words', c: '{}', d: '' }],
    ['recipient[id]=1&message[text]=hi', { recipient: { id: '1' }, message: { text: 'hi' } }],
    ['recipient%5Bid%5D=1', { recipient: { id: '1' } }],
    ['f[]=a&f[]=b', { f: ['a', 'b'] }],
    ['f[1]=b&f[0]=a', { f: ['a', 'b'] }],
    [
      'm[q][0][title]=A&m[q][0][payload]=1&m[q][1][title]=B',
      { m: { q: [{ title: 'A', payload: '1' }, { title: 'B' }] } },
    ],
    ['f=a&f=b', { f: 'b' }],
    ['f=a&f[x]=b', { f: { x: 'b' } }],
    ['f[x]=b&f=a', { f: 'a' }],
    ['f[x=1&[y]=2&z]=3', { 'f[x': '1', '[y]': '2', 'z]': '3' }],
    ['100%=1&b=%zz', { '100%': '1', b: '%zz' }],
    ['=1&&', {}],
  ])('reads %s', (text, expected) => {
    expect(JSON.parse(JSON.stringify(readUrlEncoded(text)))).toEqual(expected);
  });

  it('has no way to a prototype', () => {
    const fields = readUrlEncoded('__proto__[admin]=1&a[__proto__][admin]=1&constructor[prototype][admin]=1') as any;
    expect(({} as any).admin).toBeUndefined();
    expect(fields.a.admin).toBeUndefined();
    expect(Object.keys(fields)).toEqual(['a', 'constructor']);
  });

  it('keeps a name that nests too deeply flat', () => {
    const name = 'a' + '[b]'.repeat(50_000);
    expect(readUrlEncoded(`${name}=1`)).toEqual({ [name]: '1' });
  });
});
