import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { demo, seedDemo } from '../../src/channels/simulator/demo-data.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

// The built program, as "npm run demo" runs it: its bots are programs of their own.
const program = path.resolve('dist/demo/demo.js');

interface Played {
  readonly code: number;
  readonly output: string;
  readonly complaint: string;
}

function play(args: readonly string[], env: Record<string, string>): Promise<Played> {
  return new Promise((resolve) => {
    const all = { PATH: process.env['PATH'], ...env };
    execFile(process.execPath, [program, ...args], { env: all }, (error, output, complaint) => {
      resolve({ code: error === null ? 0 : Number(error.code), output, complaint });
    });
  });
}

/** The steps of the story as told: who owned the thread before and after, and which webhook each app got. */
function stepsOf(output: string): string[][] {
  return output
    .split('\n\n')
    .filter((part) => /^\d+\. /.test(part))
    .map((part) =>
      part
        .split('\n')
        .filter((line) => /^ {3}(owner|webhooks)/.test(line))
        .map((line) => line.trim().replace(/ {2,}/g, ' ')),
    );
}

const released = 'nobody (released; Support bot may answer)';
const marketing = 'Marketing bot (marketing-owned)';
const story = [
  [
    `owner ${released} -> ${marketing}`,
    'webhooks Marketing bot got pass_thread_control, referral',
    'webhooks Support bot got referral on standby',
  ],
  [
    `owner ${marketing} -> ${marketing}`,
    'webhooks Marketing bot got message',
    'webhooks Support bot got message on standby',
  ],
  [
    `owner ${marketing} -> Support bot (passed)`,
    'webhooks Marketing bot got message',
    'webhooks Support bot got message on standby, pass_thread_control',
  ],
  ['owner Support bot (passed) -> Inbox (passed)', 'webhooks Support bot got take_thread_control'],
  [`owner Inbox (passed) -> ${released}`, 'webhooks none'],
  [
    `owner ${released} -> Support bot (default-owned)`,
    'webhooks Marketing bot got message on standby',
    'webhooks Support bot got message',
  ],
  [`owner Support bot (default-owned) -> ${released}`, 'webhooks none'],
  [
    `owner ${released} -> Support bot (default-owned)`,
    'webhooks Marketing bot got message on standby',
    'webhooks Support bot got message',
  ],
];

describe('on a running server', () => {
  let signalbox: TestSignalbox;
  beforeAll(async () => {
    signalbox = await startSignalbox();
  });
  afterAll(() => signalbox.stop());
  const onIt = () => ({ SIGNALBOX_URL: signalbox.url, ADMIN_TOKEN: adminToken });

  it('says so when the demo page is not there', async () => {
    expect(await play([], onIt())).toMatchObject({ code: 1, complaint: expect.stringContaining("demo's page") });
  });

  it('plays the life of a thread, twice, and leaves the bots as they were', async () => {
    await seedDemo(signalbox.core.configStore, signalbox.core.clock.now());
    for (let time = 1; time <= 2; time++) {
      const { code, output, complaint } = await play([], onIt());
      expect({ code, complaint, steps: stepsOf(output) }).toEqual({ code: 0, complaint: '', steps: story });
      const [, person = ''] = /person (\d+)/.exec(output) ?? [];
      const { body } = await signalbox.api('GET', `/api/v1/threads/${demo.page}/${person}/events`);
      expect(body.data.map(({ type }: { type: string }) => type)).toEqual([
        'user.referral',
        'user.message',
        'app.send',
        'user.message',
        'app.send',
        'control.pass',
        'app.send',
        'app.send',
        'control.release',
        'user.message',
        'app.send',
        'control.expired',
        'user.message',
        'app.send',
      ]);
    }
    for (const app of [demo.marketingBot, demo.supportBot]) {
      expect((await signalbox.api('GET', `/api/v1/apps/${app}`)).body.callback_url).toBeNull();
    }
  });

  it('refuses a wrong token in one sentence', async () => {
    const { code, complaint } = await play([], { ...onIt(), ADMIN_TOKEN: 'wrong' });
    expect(code).toBe(1);
    expect(complaint).toMatch(/^The server at .*cannot play the demo: .*admin token.*\n$/);
  });
});

it('says so when nothing answers at the given address', async () => {
  const { code, complaint } = await play([], { SIGNALBOX_URL: 'http://127.0.0.1:1' });
  expect({ code, complaint }).toEqual({
    code: 1,
    complaint: 'Nothing answers at SIGNALBOX_URL (http://127.0.0.1:1).\n',
  });
});

it('starts a server of its own, and leaves nothing behind', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'signalbox-demo-test-'));
  try {
    // Started by root, PostgreSQL runs as another user.
    await chmod(folder, 0o711);
    const { code, output, complaint } = await play(['--fresh'], { TMPDIR: folder });
    expect({ code, complaint, steps: stepsOf(output) }).toEqual({ code: 0, complaint: '', steps: story });
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
