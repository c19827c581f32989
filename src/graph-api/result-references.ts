import { GraphError } from './graph-error.js';
import type { Json, JsonObject } from './lenient-json.js';

/*
 * References of a batch's operations to the answers of others: `{result=name:$.data.*.id}` stands for what the path finds
 * in the answer of `name`. Of JSONPath this is the part without filters and expressions: `.name`, `['name']`, `[0]`, `*`
 * in either place, and `..name` for the name at any depth.
 */
const reference = /\{result=([^:{}]+):(\$[^{}]*)\}/g;
const wholeReference = new RegExp(`^${reference.source}$`);
const pathStep = /\.\.([\w-]+)|\.(\*|[\w-]+)|\[(\*|\d{1,6}|'[^']*'|"[^"]*")\]/y;

/** The names that a value refers to, at any depth. */
export function referencedNames(value: Json): string[] {
  if (typeof value === 'string') return [...value.matchAll(reference)].flatMap(([, name]) => name ?? []);
  if (value === null || typeof value !== 'object') return [];
  return (Array.isArray(value) ? value : Object.values(value)).flatMap(referencedNames);
}

/**
 * A text with its references replaced. Several results are joined by commas, as a list of ids is written.
 * @throws GraphError if a reference finds nothing.
 */
export function resolveReferences(text: string, answerOf: (name: string) => unknown): string {
  // Inside a JSON text a result must not end the string it stands in.
  const insideJson = /^\s*[[{]/.test(text) && !wholeReference.test(text);
  return text.replace(reference, (given, name: string, path: string) => {
    const found = findByPath(answerOf(name), path);
    if (found.length === 0) throw new GraphError('batch_reference_empty', given);
    const result = found.map(textOf).join(',');
    return insideJson ? JSON.stringify(result).slice(1, -1) : result;
  });
}

/** The same for every text within parameters. */
export function resolveWithin(value: JsonObject, answerOf: (name: string) => unknown): JsonObject {
  const resolve = (part: Json): Json => {
    if (typeof part === 'string') return resolveReferences(part, answerOf);
    if (Array.isArray(part)) return part.map(resolve);
    return part !== null && typeof part === 'object' ? resolveWithin(part, answerOf) : part;
  };
  const resolved = Object.create(null) as JsonObject; // no prototype: a parameter may be called anything
  for (const [name, part] of Object.entries(value)) resolved[name] = resolve(part);
  return resolved;
}

/** Everything a path leads to; nothing for a path that is not understood. */
export function findByPath(root: unknown, path: string): unknown[] {
  let found: unknown[] = [root];
  let at = 1; // after the `$`
  while (at < path.length) {
    pathStep.lastIndex = at;
    const [whole, anywhere, member, bracketed] = pathStep.exec(path) ?? [];
    if (whole === undefined) return [];
    at += whole.length;
    const name = anywhere ?? member ?? bracketed?.replace(/^(['"])(.*)\1$/, '$2') ?? '';
    const next = (value: unknown) =>
      anywhere !== undefined ? membersAtAnyDepth(value, name) : name === '*' ? valuesOf(value) : membersOf(value, name);
    found = found.flatMap(next);
  }
  return found;
}

function valuesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [];
}

function membersOf(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]]; // an own property, as was just seen
}

function membersAtAnyDepth(value: unknown, name: string): unknown[] {
  return [...membersOf(value, name), ...valuesOf(value).flatMap((member) => membersAtAnyDepth(member, name))];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
