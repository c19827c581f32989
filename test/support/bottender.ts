import path from 'node:path';
import { MessengerClient } from 'messaging-api-messenger';
import type { AppId } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import { Program } from './program.js';
import { secretOf, type Shop } from './shop.js';
import type { TestSignalbox } from './signalbox.js';

const bottender = path.resolve('node_modules/bottender/bin/cli.js');

/**
 * Starts one of the test's Bottender bots as `npx bottender start` does and subscribes it, to pages and to Instagram: its
 * callback is asked, and gets everything from then on.
 */
export async function startBottender(
  folder: string,
  app: AppId,
  signalbox: TestSignalbox,
  world: Shop,
  fields: Readonly<Record<Channel, string[]>>,
  env: Record<string, string> = {},
): Promise<Program> {
  const verifyToken = `verify-${app}`;
  const accessToken = world.tokens.get(app) ?? '';
  const program = await Program.start(path.resolve('test/programs', folder), [bottender, 'start'], {
    APP_ID: app,
    APP_SECRET: secretOf(app),
    PAGE_TOKEN: accessToken,
    VERIFY_TOKEN: verifyToken,
    GRAPH_ORIGIN: signalbox.url,
    ...env,
  });
  const client = new MessengerClient({ accessToken, appId: app, appSecret: secretOf(app), origin: signalbox.url });
  for (const [object, channel] of [
    ['page', 'messenger'],
    ['instagram', 'instagram'],
  ] as const) {
    await client.createSubscription({
      object: object as 'page', // its types are older than Instagram's messages
      callbackUrl: `http://127.0.0.1:${program.port}/webhooks/messenger`,
      verifyToken,
      accessToken: `${app}|${secretOf(app)}`,
      fields: fields[channel],
    });
  }
  return program;
}
