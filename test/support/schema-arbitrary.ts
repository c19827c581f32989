import fc, { type Arbitrary } from 'fast-check';

/** What of JSON Schema the OpenAPI document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Values no schema asks for, which clients send all the same. */
const nonsense: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    9007199254740993,
    '',
    ' ',
    '0',
    '-1',
    'null',
    '\u0000',
    '\ud800',
    '../../etc/passwd',
    "'; drop table log; --",
    '<script>alert(1)</script>',
    '${jndi:ldap://127.0.0.1}',
    'x'.repeat(20_000),
    '99999999999999999999',
    '999999999999999999999999',
    [],
    {},
    [[[[]]]],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(nested(2_000)),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** Keys that reach into objects where keys are not taken for what they are. */
const badKeys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', '\u0000', 'x'.repeat(300)];

const lookahead = /\(\?[=!](?:[^()]|\([^()]*\))*\)/g;

/**
 * Values that fit a schema, and now and then some that nearly do: a part replaced by nonsense, a key missing, a key too
 * many. `root` holds what references point to.
 */
export function valuesOf(schema: Schema, root: object): Arbitrary<unknown> {
  return fc.oneof(
    { weight: 5, arbitrary: fitting(schema, root, false) },
    { weight: 4, arbitrary: fitting(schema, root, true) },
    { weight: 1, arbitrary: nonsense },
  );
}

function fitting(schema: Schema, root: object, spoilt: boolean): Arbitrary<unknown> {
  const whole = exact(schema, root, spoilt);
  if (!spoilt) return whole;
  return fc.oneof({ weight: 6, arbitrary: whole }, { weight: 1, arbitrary: nonsense });
}

function exact(schema: Schema, root: object, spoilt: boolean): Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fitting(resolve(schema.$ref, root), root, spoilt);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((each) => fitting(each, root, spoilt)));
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((each) => fitting(each, root, spoilt)))
      .map((parts) => Object.assign({}, ...parts) as unknown);
  }
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['object']);
  const arbitraries = types.map((type) => ofType(type, schema, root, spoilt));
  return fc.oneof(...arbitraries, ...(schema.nullable === true ? [fc.constant(null)] : []));
}

function ofType(type: string, schema: Schema, root: object, spoilt: boolean): Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.integer({ min: Math.max(schema.minimum ?? -1_000_000, -(2 ** 31)), max: schema.maximum ?? 1_000_000 });
    case 'string':
      // What a look-ahead would forbid is allowed here: then it is a value that nearly fits.
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern.replace(lookahead, '')));
      return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 60, 200) });
    case 'array':
      return fc.array(fitting(schema.items ?? {}, root, spoilt), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    default:
      return objects(schema, root, spoilt);
  }
}

function objects(schema: Schema, root: object, spoilt: boolean): Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  const known = fc.record(
    Object.fromEntries(properties.map(([name, each]) => [name, fitting(each, root, spoilt)])),
    spoilt ? { requiredKeys: [] } : { requiredKeys: [...(schema.required ?? [])] },
  );
  const more =
    typeof schema.additionalProperties === 'object'
      ? fc.dictionary(fc.string({ maxLength: 20 }), fitting(schema.additionalProperties, root, spoilt), { maxKeys: 3 })
      : fc.constant({});
  const extra = spoilt ? fc.dictionary(fc.constantFrom(...badKeys), nonsense, { maxKeys: 1 }) : fc.constant({});
  // Spread would lose an own `__proto__`, which JSON can carry.
  return fc.tuple(known, more, extra).map((parts) => Object.fromEntries(parts.flatMap((part) => Object.entries(part))));
}

function resolve(reference: string, root: object): Schema {
  let found: unknown = root;
  for (const part of reference.replace(/^#\//, '').split('/')) found = Reflect.get(found as object, part);
  return found as Schema;
}
