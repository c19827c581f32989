import { readNames, type Fields } from './parameter-values.js';

/** One field a call asks for, such as `messages.limit(5){id,message}`. */
export interface AskedField {
  readonly name: string;
  readonly limit: number | null;
  /** Parameters that stand for what is asked of it, as if it had been called itself. */
  readonly parameters: Fields;
}

/** The fields that `fields` asks for, with what is asked within each; `standard` if there is no `fields`. */
export function readAskedFields(parameters: Fields, standard: readonly string[]): AskedField[] {
  return (readNames(parameters, 'fields') ?? standard).map((text) => {
    const [, name = text, modifiers = '', within] = /^([^.{(]*)([^{]*)(?:\{(.*)\})?$/s.exec(text) ?? [];
    const limit = /\.limit\((\d{1,4})\)/.exec(modifiers)?.[1];
    return {
      name,
      limit: limit === undefined ? null : Number(limit),
      parameters: within === undefined ? {} : { fields: within },
    };
  });
}
