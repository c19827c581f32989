import { z } from 'zod';
import { GraphClient, type GraphAnswer } from './graph-client.js';

const graphId = z.string().regex(/^[1-9]\d{0,19}$/);
const messageId = z.string().regex(/^(m_[\w-]{86}|aWdf[\w-]{150,170})$/);
const success = z.strictObject({ success: z.literal(true) });
const featureStatus = z.strictObject({
  hop_v2: z.boolean(),
  msgr_multi_app: z.boolean(),
  ig_multi_app: z.boolean(),
});

/** What a call is answered with when it succeeds, by its last path segment; `node` is the object itself. */
const successes = {
  messages: z.union([
    z.strictObject({ recipient_id: graphId, message_id: messageId }),
    z.strictObject({ recipient_id: graphId }),
  ]),
  pass_thread_control: success,
  release_thread_control: success,
  thread_owner: z.strictObject({
    data: z
      .array(
        z.strictObject({
          thread_owner: z.strictObject({ app_id: graphId.optional(), expiration: z.int().positive().optional() }),
        }),
      )
      .max(1),
  }),
  subscribed_apps: z.union([
    success,
    z.strictObject({
      data: z.array(
        z.strictObject({
          category: z.string(),
          name: z.string(),
          subscribed_fields: z.array(z.string()),
          id: graphId,
        }),
      ),
    }),
  ]),
  secondary_receivers: z.strictObject({ data: z.array(z.strictObject({ name: z.string(), id: graphId })) }),
  node: z.strictObject({
    messaging_feature_status: featureStatus.optional(),
    name: z.string().optional(),
    id: graphId,
  }),
} as const;
export type GraphShape = keyof typeof successes;

const failure = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.enum(['OAuthException', 'GraphMethodException']),
    code: z.int(),
    error_subcode: z.int().optional(),
    is_transient: z.literal(true).optional(),
    fbtrace_id: z.string().regex(/^A[\w-]{22}$/),
  }),
});

/** Throws unless an answer has the shape the platform gives it: the success of its call, or the error envelope. */
export function checkGraphAnswer(method: string, path: string, answer: GraphAnswer): void {
  try {
    check(path, answer);
  } catch (error) {
    throw new Error(`${method} ${path} was answered ${answer.status} ${answer.text}`, { cause: error });
  }
}

function check(path: string, { status, headers, text, body }: GraphAnswer): void {
  expect(headers.get('content-type')).toBe('application/json; charset=UTF-8');
  const asked = /^\/?(v\d+\.\d+)\//.exec(path)?.[1];
  const version = headers.get('facebook-api-version');
  if (asked === undefined) expect(version).toMatch(/^v\d+\.\d+$/);
  else expect(version).toBe(asked);
  if (status === 200) {
    // Old clients take any answer with this so early for a failure.
    expect(text.slice(0, 50)).not.toContain('"error');
    successes[shapeOf(path)].parse(body);
  } else {
    expect(text.startsWith('{"error":{')).toBe(true);
    failure.parse(body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers.get('www-authenticate')).toMatch(
      /^OAuth "Facebook Platform" "(invalid_token|invalid_request|not_found)" ".+"$/,
    );
  }
}

function shapeOf(path: string): GraphShape {
  const last = /([^/?]*)(?:\?.*)?$/.exec(path)?.[1] ?? '';
  return Object.hasOwn(successes, last) ? (last as GraphShape) : 'node';
}

/** A client that accepts no answer the platform would not give. */
export class CheckedGraphClient extends GraphClient {
  override async get(path: string): Promise<GraphAnswer> {
    return checked('GET', path, await super.get(path));
  }

  override async post(path: string, body?: unknown): Promise<GraphAnswer> {
    return checked('POST', path, await super.post(path, body));
  }

  override async delete(path: string): Promise<GraphAnswer> {
    return checked('DELETE', path, await super.delete(path));
  }
}

function checked(method: string, path: string, answer: GraphAnswer): GraphAnswer {
  checkGraphAnswer(method, path, answer);
  return answer;
}
