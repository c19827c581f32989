import { Agent, request } from 'undici';
import { signatureHeaders } from '../../src/callback/signature.js';
import { apps, page } from '../cast.js';

/** One event on its way to an app. */
export interface Copy {
  readonly item: string;
  /** Live to the owner of the thread, on standby to the other app. */
  readonly field: 'messaging' | 'standby';
}

const agent = new Agent({ connections: 32 });
const callbacks = (process.env['CALLBACKS'] ?? '').split(',');

/** Which copy an app gets. */
export function copyFor(appId: string, owner: string, item: string): Copy {
  return { item, field: appId === owner ? 'messaging' : 'standby' };
}

/** Posts copies to an app in one body, with both signatures; throws unless it answers 2xx. */
export async function post(appId: string, copies: readonly Copy[]): Promise<void> {
  const time = Date.now();
  const entries = copies.map(({ item, field }) => `{"time":${time},"id":"${page.id}","${field}":[${item}]}`);
  const body = Buffer.from(`{"object":"page","entry":[${entries.join(',')}]}`);
  const url = callbacks[apps.findIndex(({ id }) => id === appId)];
  if (url === undefined) throw new Error(`there is no app ${appId}`);
  const answer = await request(url, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json', ...signatureHeaders(`bench-secret-of-${appId}`, body) },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode >= 300) throw new Error(`answered ${answer.statusCode}`);
}
