import type { Json, JsonObject } from './lenient-json.js';

/** Deeper bracket paths are kept as the flat name they were sent under. */
const nestingMax = 10;

type Branch = Map<string, Branch | string>;

/**
 * Reads the fields of a form, a query string or a multipart body. Bracketed names nest as PHP and Rack write them:
 * `recipient[id]=1` is an object, `fields[]=a&fields[]=b` and `fields[0]=a` are lists. Of a name sent twice the last
 * value counts.
 */
export function readFields(fields: Iterable<readonly [string, string]>): JsonObject {
  const root: Branch = new Map();
  for (const [name, value] of fields) {
    if (name !== '') place(root, pathOf(name), value);
  }
  return objectOf(root);
}

/** Reads `application/x-www-form-urlencoded` text, in a body or after the `?`. */
export function readUrlEncoded(text: string): JsonObject {
  return readFields(new URLSearchParams(text));
}

const bracketedName = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

function pathOf(name: string): string[] {
  const [, head, brackets] = bracketedName.exec(name) ?? [];
  if (head === undefined || brackets === undefined) return [name];
  const path = [head, ...brackets.slice(1, -1).split('][')];
  return path.length <= nestingMax ? path : [name];
}

function place(root: Branch, path: readonly string[], value: string): void {
  let branch = root;
  path.forEach((step, depth) => {
    const key = step === '' && depth > 0 ? String(branch.size) : step;
    if (depth === path.length - 1) {
      branch.set(key, value);
      return;
    }
    const child = branch.get(key);
    if (child instanceof Map) {
      branch = child;
    } else {
      const created: Branch = new Map();
      branch.set(key, created);
      branch = created;
    }
  });
}

function objectOf(branch: Branch): JsonObject {
  const object = Object.create(null) as JsonObject; // no prototype: a field may be called anything
  for (const [key, value] of branch) {
    if (key !== '__proto__') object[key] = typeof value === 'string' ? value : valueOf(value);
  }
  return object;
}

function valueOf(branch: Branch): Json {
  const keys = [...branch.keys()];
  if (!keys.every((key) => /^\d{1,9}$/.test(key))) return objectOf(branch);
  return [...branch.entries()]
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, value]) => (typeof value === 'string' ? value : valueOf(value)));
}
