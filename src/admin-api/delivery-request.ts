import { z } from 'zod';
import { webhookHeaders } from '../callback/webhook-headers.js';
import { deliveryId } from '../domain/delivery-id.js';
import { renderBody } from '../domain/render.js';
import { callbackUrlOf, type App } from '../store/configuration.js';
import type { DeliveryRecord } from '../store/delivery.store.js';

export const deliveryRequestSchema = z
  .object({
    method: z.literal('POST'),
    url: z.string().nullable().describe('The callback of the app now; null: it has none.'),
    headers: z.record(z.string(), z.string()).describe('As they are sent, with the signatures of the body.'),
    body: z.string().describe('The exact bytes, all of them ASCII, as they are sent when this is the only event.'),
    curl: z.string().nullable().describe('The same request as a command line.'),
  })
  .meta({ id: 'DeliveryRequest' });

/** What is sent for a delivery, to the byte. The app's secret signs it and is not in it. */
export function deliveryRequest(
  delivery: DeliveryRecord,
  app: App,
  incarnation: string,
): z.infer<typeof deliveryRequestSchema> {
  const body = renderBody(delivery.row, delivery.told);
  const url = callbackUrlOf(app, delivery.row.thread.channel);
  const traceId = delivery.row.cause.traceId;
  const headers = webhookHeaders({
    secret: app.secret,
    body: Buffer.from(body, 'latin1'),
    deliveryId: deliveryId(incarnation, delivery),
    attempt: Math.max(1, ...delivery.attempts.map(({ attempt }) => attempt)),
    ...(traceId !== undefined && { traceId }),
  });
  return {
    method: 'POST',
    url,
    headers,
    body,
    curl: url === null ? null : curl(url, headers, body),
  };
}

function curl(url: string, headers: Readonly<Record<string, string>>, body: string): string {
  const lines = [
    `curl -X POST ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    `--data-binary ${quoted(body)}`,
  ];
  return lines.join(' \\\n  ');
}

/** As one word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
