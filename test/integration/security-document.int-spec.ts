import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const page = read('docs/security.md');

const rows = [...page.matchAll(/^\| (S\d+) \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(
  ([, id = '', measure = '', where = '', test = '']) => ({ id, measure, where, test }),
);
const places = rows.flatMap(({ id, where }) =>
  [...where.matchAll(/`([^`]+)`/g)].map(([, file = '']) => ({ id, file })),
);
const tests = rows.flatMap(({ id, test }) =>
  [...test.matchAll(/`((?:test|src|console)\/[\w./-]+)`(?:: "([^"]+)")?/g)].map(([, file = '', title = '']) => ({
    id,
    file,
    title,
  })),
);
/** The bare id of a row in a table: whatever else names one is not read. */
const mentioned = [...page.matchAll(/^\| S\d/gm)].length;

it('has a row for every requirement, each once', () => {
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 51 }, (_, index) => `S${index + 1}`));
  expect(mentioned).toBe(rows.length);
});

it.each(rows)('$id has a place and a test', ({ id }) => {
  expect(places.filter((place) => place.id === id)).not.toEqual([]);
  expect(tests.filter((test) => test.id === id)).not.toEqual([]);
});

it.each(places)('$id is in $file', ({ file }) => expect(existsSync(path.join(root, file))).toBe(true));

it.each(tests)('$id is tested in $file by "$title"', ({ file, title }) => {
  expect(existsSync(path.join(root, file))).toBe(true);
  // A title ends where its quotes do, so that no row lives on the beginning of another test's name.
  const text = read(file);
  expect(title === '' || ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`))).toBe(true);
});
