import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { ad, marketing, metaAppSecret, support } from '../cast.js';

const itemSchema = z.looseObject({
  sender: z.object({ id: z.string() }),
  message: z.looseObject({ mid: z.string(), referral: z.looseObject({ ad_id: z.string() }).optional() }),
});
const bodySchema = z.object({ entry: z.array(z.object({ messaging: z.array(z.unknown()) })) });

/** A person's message. */
export interface InboundEvent {
  readonly psid: string;
  readonly mid: string;
  readonly throughAd: boolean;
  /** The item of `entry[].messaging[]`, as apps are to get it. */
  readonly item: string;
}

/** The rule of the benchmark: the ad's app owns who comes through the ad; the default app owns a thread nobody owns. */
export function ownerAfter(owner: string | null, { throughAd }: Pick<InboundEvent, 'throughAd'>): string {
  return throughAd ? marketing.id : (owner ?? support.id);
}

/** Serves the platform's webhooks: signature, parsing, and 200 once `accept` has made the events durable. */
export async function serveWebhooks(accept: (events: readonly InboundEvent[]) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (!isSigned(body, String(request.headers['x-hub-signature-256']))) {
        response.writeHead(403).end();
        return;
      }
      accept(readEvents(body)).then(
        () => response.end('EVENT_RECEIVED'),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          response.writeHead(503).end();
        },
      );
    });
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a TCP server
  process.stdout.write(`http://127.0.0.1:${port}/\n`);
}

function isSigned(body: Buffer, header: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', metaAppSecret).update(body).digest('hex')}`);
  const given = Buffer.from(header);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function readEvents(body: Buffer): InboundEvent[] {
  const { entry } = bodySchema.parse(JSON.parse(body.toString()));
  return entry.flatMap(({ messaging }) =>
    messaging.map((given) => {
      const { sender, message } = itemSchema.parse(given);
      const throughAd = message.referral?.ad_id === ad.id;
      return { psid: sender.id, mid: message.mid, throughAd, item: JSON.stringify(given) };
    }),
  );
}
