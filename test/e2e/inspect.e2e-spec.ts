import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { demo } from '../../src/channels/simulator/demo-data.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

// The built program, as "npm run inspect" runs it.
const program = path.resolve('dist/inspect/inspect.js');
const person = '7000000000000101';

describe('npm run inspect', () => {
  let signalbox: TestSignalbox;

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    await act({ type: 'tap_ad', ad_id: demo.ad });
  });
  afterAll(() => signalbox.stop());

  const act = (action: object) =>
    signalbox.api('POST', `/api/v1/simulator/pages/${demo.page}/people/${person}/actions`, action);
  const start = (args: readonly string[], token = adminToken) => {
    const env = { PATH: process.env['PATH'], SIGNALBOX_URL: signalbox.url, ADMIN_TOKEN: token };
    const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    return { child, ended, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
  };
  const refusal = async (args: readonly string[], token?: string) => {
    const { child, ended } = start(args, token);
    const complaint = Buffer.concat(await child.stderr.toArray()).toString();
    return { code: (await ended)[0], complaint };
  };

  it('prints the log of a thread and then what happens, until it is interrupted', async () => {
    const { child, ended, lines } = start([`${demo.page}/${person}`]);
    const line = async () => String((await lines.next()).value).replace(/^\d\d:\d\d:\d\d {2}/, '');
    const thread = `${demo.page}/${person}`;
    expect(await line()).toBe(`${thread}  actor     released, no owner`);
    expect(await line()).toMatch(new RegExp(`^${thread} {2}event {5}user\\.referral \\(.*hasAssignee.*\\)$`));
    expect(await line()).toBe(`${thread}  snapshot  marketing-owned, owner ${demo.marketingBot}`);
    await act({ type: 'message', text: 'a secret' });
    expect(await line()).toMatch(/event {5}user\.message \(/);
    expect(await line()).toMatch(/snapshot {2}marketing-owned/);
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
  });

  it('says what is wrong', async () => {
    expect(await refusal([`${demo.page}/999`])).toEqual({
      code: 1,
      complaint: expect.stringContaining(`Person 999 has never been in touch with page ${demo.page}`),
    });
    expect(await refusal([], 'wrong')).toEqual({ code: 1, complaint: expect.stringContaining('401') });
    expect(await refusal(['--nonsense'])).toEqual({
      code: 1,
      complaint: expect.stringContaining('npm run inspect --'),
    });
    expect(await refusal(['1/2/3'])).toEqual({ code: 1, complaint: expect.stringContaining('PAGE/PSID') });
  });
});
