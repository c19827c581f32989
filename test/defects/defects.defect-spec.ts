import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testServer } from '../support/test-server.js';

/*
 * Are the tests worth anything? Each patch here plants one defect of the kind that loses, repeats or disorders events,
 * in a copy of the sources, and names the suite that has to fail because of it. One that no suite notices makes this one
 * red, and so does one that no longer applies: then what it was about has changed, and the patch must follow.
 */

const root = path.resolve(import.meta.dirname, '../..');
const copied = ['src', 'test', 'prove', 'migrations', 'jest.config.js', 'package.json'];
/** Stories a simulation is given to find a defect. It ends with the first one. */
const simulations = '1500';

let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'signalbox-defect-'));
  for (const name of copied) await cp(path.join(root, name), path.join(copy, name), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

const patches = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.patch'));

it('has at least ten defects', () => expect(patches.length).toBeGreaterThanOrEqual(10));

it.each(patches)(
  '%s is caught',
  async (name) => {
    const patch = path.join(import.meta.dirname, name);
    const suites = /^Caught by: (.+)$/m.exec(await readFile(patch, 'utf8'))?.[1]?.split(' ') ?? [];
    expect(suites).not.toEqual([]);
    expect(await run('git', ['apply', '-C1', patch])).toMatchObject({ code: 0, stderr: '' });

    const report = path.join(copy, 'report.json');
    const { stderr } = await run(process.execPath, [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      ...['node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`, '--maxWorkers=1', ...suites],
    ]);
    const { numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(await readFile(report, 'utf8'));
    // A test has to fail, not the program that runs it.
    expect({
      failed: numFailedTests > 0,
      broken: numRuntimeErrorTestSuites,
      stderr: numFailedTests > 0 ? '' : stderr,
    }).toEqual({ failed: true, broken: 0, stderr: '' });
  },
  180_000,
);

function run(command: string, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATABASE_URL: testServer().adminUrl, SIMULATION_RUNS: simulations };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: copy, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}
