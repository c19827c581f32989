import { GraphError } from './graph-error.js';
import { readNames, type Fields } from './parameter-values.js';

/**
 * The fields of an object that a call asks for, in its order, and always the id. What the object has no value for is
 * left out; a name it does not know is refused. A name may carry sub-fields, `picture{url}`, which change nothing.
 */
export function selectFields(
  parameters: Fields,
  object: { readonly id: string; readonly [name: string]: unknown },
  standard: readonly string[],
  type: 'Page' | 'User' | 'Application' | 'IGUser' | 'Persona' | 'PageLabel',
): object {
  const selected: Record<string, unknown> = {};
  for (const asked of readNames(parameters, 'fields') ?? standard) {
    const name = /^[^{(.]*/.exec(asked)?.[0] ?? asked;
    if (!Object.hasOwn(object, name)) {
      throw new GraphError('invalid_parameter', `Tried accessing nonexisting field (${name}) on node type (${type})`);
    }
    if (object[name] !== null) selected[name] = object[name];
  }
  return { ...selected, id: object.id };
}
