import { readChoice, readGraphId, readNames, readObject, readObjects, readText } from './parameter-values.js';

it.each<[unknown, string[] | null]>([
  ['id,name', ['id', 'name']],
  ['id, name ,', ['id', 'name']],
  ['["id","name"]', ['id', 'name']],
  [
    ['id', 'name'],
    ['id', 'name'],
  ],
  ['participants,messages{id,from{name}},id', ['participants', 'messages{id,from{name}}', 'id']],
  ['picture.width(1,2),id', ['picture.width(1,2)', 'id']],
  ['', null],
  [undefined, null],
])('reads %j as a list of names', (value, names) => {
  expect(readNames({ fields: value }, 'fields')).toEqual(names);
});

it('refuses a list of anything but names', () => {
  expect(() => readNames({ fields: [1] }, 'fields')).toThrow('Param fields must be a list of names');
});

it.each([undefined, null, ''])('takes %j as absent', (value) => {
  expect(readText({ a: value }, 'a', 'a', 5)).toBeNull();
  expect(readGraphId({ a: value }, 'a', 'a')).toBeNull();
  expect(readObject({ a: value }, 'a', 'a')).toBeNull();
  expect(readObjects({ a: value }, 'a', 'a', 5)).toBeNull();
  expect(readChoice({ a: value }, 'a', 'a', ['x'])).toBeNull();
});

it('reads ids sent as text or number, and nothing else', () => {
  expect(readGraphId({ a: '18446744073709551615' }, 'a', 'a')).toBe('18446744073709551615');
  expect(readGraphId({ a: 263902037430900 }, 'a', 'a')).toBe('263902037430900');
  for (const value of ['0', '01', '-1', '1.5', 1.5, 1e21, 'abc', '1'.repeat(21), true, {}, ['1']]) {
    expect(() => readGraphId({ a: value }, 'a', 'a')).toThrow('must be a valid ID string');
  }
});

it('names the place of what is wrong', () => {
  expect(() => readText({ a: {} }, 'a', 'message[a]', 5)).toThrow('(#100) Param message[a] must be a string.');
  expect(() => readText({ a: 'sechse' }, 'a', 'message[a]', 5)).toThrow(
    'Length of param message[a] must be less than or equal to 5',
  );
  expect(() => readChoice({ a: 'z' }, 'a', 'a', ['x', 'y'])).toThrow('Param a must be one of {x, y} - got "z"');
  expect(() => readObjects({ a: [{}, 'x'] }, 'a', 'a', 5)).toThrow('Param a[1] must be a JSON object.');
  expect(() => readObjects({ a: [{}, {}] }, 'a', 'a', 1)).toThrow('no more than 1 elements');
  expect(() => readObject({ a: '{broken' }, 'a', 'a')).toThrow('Param a must be a JSON object.');
});
