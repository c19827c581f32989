/**
 * A bot of the demo, as its makers would write it for the platform: a web server that checks signatures and calls the
 * Graph API. All it knows is its port, its app secret, its verify token, a page access token and where the API is.
 *
 * It tells on its standard output, one JSON text a line, which port it listens on and what it has received and done.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One item of a webhook's entry. */
interface Item {
  readonly sender?: { readonly id: string };
  readonly message?: { readonly text?: string };
  readonly [kind: string]: unknown;
}
interface Body {
  readonly entry: readonly { readonly messaging?: readonly Item[]; readonly standby?: readonly Item[] }[];
}
/** What the bot answers: nothing, or a text, and whether it then passes control to the default app. */
type Answer = { readonly text: string; readonly pass?: true } | null;

/** What the bot has received and done. */
export interface BotReport {
  readonly list: 'messaging' | 'standby';
  /** Such as `message` or `pass_thread_control`. */
  readonly kind: string;
  readonly said: string | null;
  readonly passed: boolean;
  /** Why its call failed. */
  readonly failure: string | null;
}

const kinds = ['message', 'postback', 'referral', 'reaction', 'pass_thread_control', 'take_thread_control'] as const;

const behaviours: Readonly<Record<string, (item: Item) => Answer>> = {
  marketing({ message, postback }) {
    if (message === undefined && postback === undefined) return null;
    return /human|help|person/i.test(message?.text ?? '')
      ? { text: 'Of course. Let me transfer you to our support.', pass: true }
      : { text: 'Yes, until Sunday: 20 % off everything.' };
  },
  support({ message, pass_thread_control: pass }) {
    if (pass !== undefined) return { text: 'Support here, I have read along. What can I do?' };
    return message === undefined ? null : { text: 'Hello, this is the support bot. How can I help?' };
  },
};

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the bot needs ${name}`);
  return value;
};
const appSecret = setting('APP_SECRET');
const verifyToken = setting('VERIFY_TOKEN');
const pageToken = setting('PAGE_TOKEN');
const graphUrl = setting('GRAPH_URL');
const answerTo = behaviours[setting('BOT')];
if (answerTo === undefined) throw new Error('there is no such bot');

let handling: Promise<void> = Promise.resolve();

const server = createServer((request, response) => {
  void serve(request, response);
});
server.listen(Number(setting('PORT')), '127.0.0.1', () => {
  tell({ listening: (server.address() as AddressInfo).port });
});
process.on('SIGTERM', () => process.exit(0));
// Whoever started this bot is gone.
process.on('disconnect', () => process.exit(0));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    const query = new URL(request.url ?? '/', 'http://bot').searchParams;
    const known = query.get('hub.verify_token') === verifyToken;
    response.writeHead(known ? 200 : 403).end(known ? query.get('hub.challenge') : 'wrong token');
    return;
  }
  const body = Buffer.concat(await request.toArray());
  if (!isSigned(body, request.headers['x-hub-signature-256'])) {
    response.writeHead(403).end('wrong signature');
    return;
  }
  // Answered before anything else is done: the platform waits five seconds at most.
  response.writeHead(200).end('EVENT_RECEIVED');
  const { entry } = JSON.parse(body.toString('utf8')) as Body;
  for (const { messaging = [], standby = [] } of entry) {
    for (const item of messaging) handling = handling.then(() => handle('messaging', item));
    for (const item of standby) handling = handling.then(() => handle('standby', item));
  }
}

function isSigned(body: Buffer, header: string | string[] | undefined): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`);
  const given = Buffer.from(String(header));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function handle(list: BotReport['list'], item: Item): Promise<void> {
  const kind = kinds.find((name) => item[name] !== undefined) ?? 'another event';
  // On standby another app answers.
  const answer = list === 'messaging' ? (answerTo?.(item) ?? null) : null;
  const failure = answer === null ? null : await send(item.sender?.id ?? '', answer);
  const report: BotReport = { list, kind, said: answer?.text ?? null, passed: answer?.pass ?? false, failure };
  tell(report);
}

async function send(personId: string, { text, pass }: NonNullable<Answer>): Promise<string | null> {
  try {
    const response = await fetch(`${graphUrl}/v12.0/me/messages?access_token=${pageToken}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        messaging_type: 'RESPONSE',
        recipient: { id: personId },
        message: { text },
        ...(pass === true && { thread_control: { payload: 'pass_thread_control' } }),
      }),
    });
    const answer = await response.text();
    return response.ok ? null : answer;
  } catch (error) {
    return String(error);
  }
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
