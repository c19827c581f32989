import JSON5 from 'json5';

/** A JSON value as a client sent it. Objects never hold a `__proto__` key. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Text that neither JSON nor its relaxed form (single quotes, bare keys, trailing commas) explains. */
export class MalformedJson extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MalformedJson';
  }
}

/** Deeper values are refused: no call needs more, and what walks a value later is recursive. */
const nestingMax = 32;

// Strings and comments are matched only to be stepped over. Each alternative also ends at the end of the text, so that
// an unterminated one is consumed once: without that, the search would start again at every quote in it.
const tokens = /"(?:\\[\s\S]?|[^"\\])*"?|'(?:\\[\s\S]?|[^'\\])*'?|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\w$.+-]+/g;
const longInteger = /^-?\d{16,}$/;

/**
 * Puts quotes around integers that a JavaScript number cannot hold, so that an id sent as a number keeps its digits.
 * It works on the text because JSON5 does not tell its reviver what a number looked like.
 */
function quoteLongIntegers(text: string): string {
  return text.replace(tokens, (token) =>
    longInteger.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

/**
 * Reads JSON as clients really write it: strict JSON first, then JSON5 (`{id:'123'}`). Integers beyond 2^53 come back
 * as strings of their exact digits, `__proto__` keys are dropped.
 * @throws MalformedJson
 */
export function parseLenientJson(text: string): Json {
  const exact = quoteLongIntegers(text);
  let value: Json;
  try {
    value = JSON.parse(exact) as Json; // what JSON.parse returns without a reviver
  } catch (strict) {
    try {
      value = JSON5.parse<Json>(exact);
    } catch {
      throw new MalformedJson(strict instanceof Error ? strict.message : 'not JSON', { cause: strict });
    }
  }
  dropPrototypeKeys(value, 0);
  return value;
}

function dropPrototypeKeys(value: Json, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth >= nestingMax) throw new MalformedJson(`nested more than ${nestingMax} levels deep`);
  if (Array.isArray(value)) {
    for (const item of value) dropPrototypeKeys(item, depth + 1);
    return;
  }
  delete value['__proto__'];
  for (const key of Object.keys(value)) dropPrototypeKeys(value[key] ?? null, depth + 1);
}

/**
 * What a structured parameter means when it arrived as text, which is how forms, query strings and some JSON bodies
 * carry it: the value of the JSON text, or the text itself if it is none. Only the reader of a parameter knows whether
 * it is structured (`metadata` is text even when it looks like JSON), so it is the reader who calls this.
 */
export function decodeJsonText(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return parseLenientJson(value);
  } catch {
    return value;
  }
}
