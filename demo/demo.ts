/**
 * The life of a thread, played against a running server or a fresh one: an ad, a bot, a hand-over to another bot, a
 * human at the inbox, Done, a day of silence, and how it starts again.
 */
import { randomInt } from 'node:crypto';
import { demo } from '../src/channels/simulator/demo-data.js';
import { gather, type Cast } from './cast.js';
import { DemoError } from './demo-error.js';
import { openServer, type DemoServer } from './demo-server.js';
import { Story } from './story.js';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** The last first. */
const closing: (() => Promise<void>)[] = [];
const atEnd = (step: () => Promise<void>) => void closing.push(step);
const close = async () => {
  for (const step of closing.splice(0).reverse()) await step();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close().finally(() => process.exit(1)));
}

try {
  const server = await openServer(process.env, process.argv.slice(2), atEnd);
  print(server.own ? `A server of the demo's own runs at ${server.admin.url}.` : `Playing on ${server.admin.url}.`);
  const cast = await gather(server.admin, atEnd);
  await play(server, cast);
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await close();
}

async function play({ admin }: DemoServer, cast: Cast): Promise<void> {
  // Somebody new each time, so that the demo can be played again.
  const personId = `7${randomInt(10 ** 8, 10 ** 9)}${randomInt(10 ** 5, 10 ** 6)}`;
  print(`Anna is person ${personId} of page ${demo.page}. The default app is the support bot.`);
  print('The bots are processes of their own; the inbox is us, and has no callback.');
  const story = new Story(admin, cast, personId, print);

  await story.person('Anna taps the ad "Spring sale".', { type: 'tap_ad', ad_id: demo.ad });
  await story.person('Anna writes "Is it still on?"', { type: 'message', text: 'Is it still on?' });
  await story.person('Anna writes "Can a human help me?" and the marketing bot passes her on.', {
    type: 'message',
    text: 'Can a human help me?',
  });
  await story.inbox('Somebody at the inbox answers, and so takes the thread.', (thread) =>
    admin.post(`${thread}/messages`, { text: 'Hello Anna, this is Ben. I will sort it out.' }),
  );
  await story.inbox('Ben presses Done.', () => release(admin.url, cast.inboxToken, personId));
  await story.person('Anna writes "One more thing ..."', { type: 'message', text: 'One more thing ...' });
  await story.time('Anna is silent for 24 hours.', '24h');
  await story.person('Anna writes "Hello again", and it starts anew.', { type: 'message', text: 'Hello again' });

  print('');
  print('What Anna has seen:');
  for (const line of await story.transcript()) print(`   ${line}`);
  print('');
  print(`The log says the same: GET ${admin.url}/api/v1/threads/${demo.page}/${personId}/events`);
}

/** What the inbox calls for Done: the same as any app. */
async function release(graphUrl: string, token: string, personId: string): Promise<void> {
  const response = await fetch(`${graphUrl}/v12.0/me/release_thread_control?access_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ recipient: { id: personId } }),
  });
  if (!response.ok) throw new DemoError(`The inbox could not release the thread: ${await response.text()}`);
}
