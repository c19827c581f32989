/**
 * JSON as the platform writes it: every UTF-16 unit outside ASCII as `\uXXXX` in lower case, and `/ @ % <` escaped as
 * well. Receivers that check the signature over re-serialised JSON expect exactly these bytes. It is also the form in
 * which foreign input is stored: plain ASCII, in which a NUL or a lone surrogate is harmless.
 */
const escaped = /[/@%<\u007f-\uffff]/g;

function escapeUnit(unit: string): string {
  switch (unit) {
    case '/':
      return '\\/';
    case '<':
      return '\\u003C';
    default:
      return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  }
}

/** `value` as wire JSON. Throws a RangeError for nesting too deep to serialise. */
export function toWireJson(value: unknown): string {
  // None of the escaped characters can stand outside a string in JSON, so the text can be treated as a whole.
  return JSON.stringify(value).replace(escaped, escapeUnit);
}

// A number that might not survive, told from digits inside a string by what stands before it: ids and message ids are
// strings full of digits, and the exact way to parse takes five times as long.
const inexactNumber = /(?:^|[:[,])\s*(?:-0|-?\d{16}|-?\d+[.eE])/;

/**
 * Parses JSON without losing a digit: a number that JavaScript cannot hold exactly comes back as a raw JSON value that
 * serialises to the same text. Throws a SyntaxError for malformed JSON.
 */
export function parseJson(text: string): unknown {
  if (!inexactNumber.test(text)) return JSON.parse(text) as unknown;
  return JSON.parse(text, function (this: unknown, _key: string, value: unknown, context?: { source?: string }) {
    const source = context?.source;
    if (typeof value === 'number' && source !== undefined && String(value) !== source) return rawNumber(source);
    return value;
  } as (key: string, value: unknown) => unknown) as unknown;
}

/** A number that serialises to exactly these digits, such as an app id, which JavaScript's numbers cannot hold. */
export function rawNumber(digits: string): unknown {
  // TypeScript's library does not declare JSON.rawJSON yet; every supported Node has it.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}
