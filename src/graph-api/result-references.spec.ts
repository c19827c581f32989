import { findByPath, referencedNames, resolveReferences, resolveWithin } from './result-references.js';

const answer = { id: '7', data: [{ id: '1', tags: [{ id: 'a' }] }, { id: '2' }], 'odd name': true };

describe('a path into an answer', () => {
  it.each<[string, unknown[]]>([
    ['$', [answer]],
    ['$.id', ['7']],
    ['$.data[1].id', ['2']],
    ['$.data.1.id', ['2']],
    ['$.data.*.id', ['1', '2']],
    ['$.data[*].id', ['1', '2']],
    ['$..id', ['7', '1', 'a', '2']],
    ["$['odd name']", [true]],
    ['$["odd name"]', [true]],
    ['$.nothing', []],
    ['$.constructor', []],
    ['$.data[?(@.id)]', []],
    ['$.data[', []],
  ])('%s', (path, found) => {
    expect(findByPath(answer, path)).toEqual(found);
  });
});

describe('a reference', () => {
  const answerOf = (name: string) => ({ first: answer, text: { say: 'a "b"&c' } })[name];

  it.each([
    ['{result=first:$.id}', '7'],
    ['me?ids={result=first:$.data.*.id}&x=1', 'me?ids=1,2&x=1'],
    ['{"id":"{result=first:$.id}"}', '{"id":"7"}'],
    ['{"say":"{result=text:$.say}"}', '{"say":"a \\"b\\"&c"}'],
    ['{result=text:$.say}', 'a "b"&c'],
    ['{result=first:$.data[1]}', '{"id":"2"}'],
    ['no reference {result}', 'no reference {result}'],
  ])('%s', (text, resolved) => {
    expect(resolveReferences(text, answerOf)).toBe(resolved);
  });

  it('that finds nothing is refused', () => {
    expect(() => resolveReferences('{result=first:$.name}', answerOf)).toThrow(
      'The reference {result=first:$.name} finds nothing',
    );
  });

  it('is found and replaced at any depth', () => {
    const parameters = { recipient: { id: '{result=first:$.id}' }, list: ['{result=text:$.say}', 3, null] };
    expect(referencedNames(parameters)).toEqual(['first', 'text']);
    expect(resolveWithin(parameters, answerOf)).toEqual({ recipient: { id: '7' }, list: ['a "b"&c', 3, null] });
  });
});
