import { randomBytes } from 'node:crypto';
import { demo } from '../src/channels/simulator/demo-data.js';
import { AdminCallError, type AdminClient } from './admin-client.js';
import { BotProcess } from './bot-process.js';
import type { AtEnd } from './demo-server.js';

interface App {
  readonly name: string;
  readonly kind: 'bot' | 'inbox';
  readonly callback_url: string | null;
  readonly batch_size_max: number;
}

/** Everybody who plays: the two bots, running and connected, and the inbox, for which the demo itself speaks. */
export interface Cast {
  readonly bots: ReadonlyMap<string, BotProcess>;
  readonly nameOf: (appId: string | null) => string;
  /** The page access token of the inbox. */
  readonly inboxToken: string;
}

/** Starts the bots and connects them; at the end they go and their callbacks are set back. The page must be there. */
export async function gather(admin: AdminClient, atEnd: AtEnd): Promise<Cast> {
  const bots = new Map<string, BotProcess>();
  const known = new Map<string, App>();
  const token = async (appId: string) => {
    const path = `pages/${demo.page}/apps/${appId}/token`;
    return (await admin.post<{ page_access_token: string }>(path)).page_access_token;
  };
  atEnd(async () => {
    for (const [appId, bot] of bots) {
      const { name, kind, batch_size_max, callback_url } = known.get(appId) ?? {};
      const before = { name, kind, batch_size_max };
      // A callback that no longer answers cannot be set back.
      await admin
        .put(`apps/${appId}`, { ...before, callback_url })
        .catch(() => admin.put(`apps/${appId}`, { ...before, callback_url: null }));
      bot.stop();
    }
  });
  try {
    for (const appId of [demo.marketingBot, demo.supportBot, demo.inbox]) {
      known.set(appId, await admin.get<App>(`apps/${appId}`));
    }
    for (const [appId, bot] of [
      [demo.marketingBot, 'marketing'],
      [demo.supportBot, 'support'],
    ] as const) {
      const secrets = { appSecret: secret(), verifyToken: secret() };
      const process = await BotProcess.start({ bot, ...secrets, pageToken: await token(appId), graphUrl: admin.url });
      bots.set(appId, process);
      await admin.put(`apps/${appId}`, {
        name: known.get(appId)?.name,
        kind: 'bot',
        callback_url: `http://127.0.0.1:${process.port}/webhook`,
        app_secret: secrets.appSecret,
        verify_token: secrets.verifyToken,
      });
    }
    return {
      bots,
      nameOf: (appId) => (appId === null ? 'nobody' : (known.get(appId)?.name ?? `app ${appId}`)),
      inboxToken: await token(demo.inbox),
    };
  } catch (error) {
    if (error instanceof AdminCallError && error.status === 404) {
      throw new AdminCallError(
        `The server at ${admin.url} does not have the demo's page: start one on an empty database, or with DEMO=true.`,
        404,
        { cause: error },
      );
    }
    throw error;
  }
}

const secret = () => randomBytes(24).toString('base64url');
