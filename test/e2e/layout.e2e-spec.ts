import { readdir, readFile } from 'node:fs/promises';

it('says of every folder what belongs there', async () => {
  const described = await readFile('CONTRIBUTING.md', 'utf8');
  const entries = await readdir('src', { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `src/${name}`);
  expect(folders.filter((folder) => !described.includes(`\`${folder}\``))).toEqual([]);
});
