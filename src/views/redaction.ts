/** What stands where a text was that the reader may not see. */
export const redactedText = '[redacted]';

/** Members of a webhook's item that say who, to whom and when, and nothing of what was said. */
const kept = new Set(['sender', 'recipient', 'timestamp']);

/**
 * An item of `entry[].messaging[]` without anything that was said: of a message, a postback or whatever else it holds
 * only the message id is left. What is kept is listed, so that a kind of item nobody has thought of shows nothing.
 */
export function redactedPayload(payload: unknown): unknown {
  if (!isObject(payload)) return { redacted: true };
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, kept.has(name) ? onlyId(value) : redactedPart(value)]),
  );
}

function onlyId(value: unknown): unknown {
  if (!isObject(value)) return typeof value === 'number' ? value : null;
  return typeof value['id'] === 'string' ? { id: value['id'] } : {};
}

function redactedPart(value: unknown): object {
  const mid = isObject(value) ? value['mid'] : undefined;
  return { ...(typeof mid === 'string' && { mid }), redacted: true };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
