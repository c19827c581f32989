/**
 * Readers of single parameters. Whatever form a client used, a parameter is absent, of its kind, or refused with the
 * text the platform has for it. An empty text, `null` and a missing parameter are the same: forms cannot tell them apart.
 */
import { isGraphId } from '../domain/ids.js';
import { GraphError } from './graph-error.js';
import { decodeJsonText } from './lenient-json.js';

/** A bag of named values: the parameters of a call, or a structured one among them. */
export type Fields = Readonly<Record<string, unknown>>;

function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** Text. A number or a boolean is taken as the text it would be in a form. */
export function readText(fields: Fields, name: string, path: string, lengthMax: number): string | null {
  const value = fields[name];
  if (isAbsent(value)) return null;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new GraphError('invalid_parameter', `Param ${path} must be a string.`);
  }
  const text = String(value);
  if (lengthOf(text) > lengthMax) {
    throw new GraphError('invalid_parameter', `Length of param ${path} must be less than or equal to ${lengthMax}`);
  }
  return text;
}

/** Characters as people count them: a surrogate pair is one. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** One of a fixed set of texts. */
export function readChoice<Choice extends string>(
  fields: Fields,
  name: string,
  path: string,
  choices: readonly Choice[],
): Choice | null {
  const text = readText(fields, name, path, Number.POSITIVE_INFINITY);
  if (text === null) return null;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) {
    throw new GraphError('invalid_parameter', `Param ${path} must be one of {${choices.join(', ')}} - got "${text}"`);
  }
  return choice;
}

/** Yes or no, as JSON or as a form writes it. */
export function readFlag(fields: Fields, name: string, path: string): boolean | null {
  const text = readText(fields, name, path, 10)?.toLowerCase();
  if (text === undefined) return null;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new GraphError('invalid_parameter', `Param ${path} must be a boolean.`);
}

/** The digits of a page, app or person id, sent as a text or as a number. */
export function readGraphId(fields: Fields, name: string, path: string): string | null {
  const value = fields[name];
  if (isAbsent(value)) return null;
  const digits = typeof value === 'number' ? String(value) : value;
  if (typeof digits !== 'string' || !isGraphId(digits)) {
    throw new GraphError('invalid_parameter', `Param ${path} must be a valid ID string (e.g., "123")`);
  }
  return digits;
}

/** A structured parameter, sent as an object or as its JSON text. */
export function readObject(fields: Fields, name: string, path: string): Fields | null {
  const value = decodeJsonText(fields[name]);
  if (isAbsent(value)) return null;
  if (!isObject(value)) throw new GraphError('invalid_parameter', `Param ${path} must be a JSON object.`);
  return value;
}

/** A list of structured values, sent as an array or as its JSON text. */
export function readObjects(fields: Fields, name: string, path: string, lengthMax: number): readonly Fields[] | null {
  const value = decodeJsonText(fields[name]);
  if (isAbsent(value)) return null;
  if (!Array.isArray(value)) throw new GraphError('invalid_parameter', `Param ${path} must be an array.`);
  if (value.length > lengthMax) {
    throw new GraphError('invalid_parameter', `Param ${path} must have no more than ${lengthMax} elements`);
  }
  return value.map((item: unknown, index) => {
    const decoded = decodeJsonText(item);
    if (!isObject(decoded)) {
      throw new GraphError('invalid_parameter', `Param ${path}[${index}] must be a JSON object.`);
    }
    return decoded;
  });
}

/** Names, sent as `a,b`, as `a, b`, as a list or as a list's JSON text. */
export function readNames(fields: Fields, name: string): readonly string[] | null {
  const value = decodeJsonText(fields[name]);
  if (isAbsent(value)) return null;
  const items: unknown[] = Array.isArray(value) ? value : [value];
  if (!items.every((item) => typeof item === 'string')) {
    throw new GraphError('invalid_parameter', `Param ${name} must be a list of names.`);
  }
  return splitNames(items.join(','));
}

/** Splits at commas outside braces and parentheses, so that `messages{id,text},id` is two names. */
function splitNames(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let name = '';
  for (const character of text) {
    if (character === '{' || character === '(') depth++;
    if (character === '}' || character === ')') depth--;
    if (character === ',' && depth <= 0) {
      names.push(name.trim());
      name = '';
    } else {
      name += character;
    }
  }
  return [...names, name.trim()].filter((candidate) => candidate !== '');
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
