import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const table = readFileSync(path.join(root, 'docs/faults.md'), 'utf8');
const named = [...table.matchAll(/`((?:test|src|prove)\/[\w./-]+)`(?:: "([^|]*?)"(?=[;.| ]))?/g)];

it('names a test for most kinds of fault', () => expect(named.length).toBeGreaterThan(70));

it.each(named.map(([, file = '', title = '']) => [file, title]))('%s has "%s"', (file, title) => {
  expect(existsSync(path.join(root, file))).toBe(true);
  expect(readFileSync(path.join(root, file), 'utf8')).toContain(title);
});
