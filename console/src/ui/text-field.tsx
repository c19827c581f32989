import type { ComponentProps } from 'react';
import { Field } from './field.js';

type Input = Pick<
  ComponentProps<'input'>,
  | 'autoComplete'
  | 'disabled'
  | 'inputMode'
  | 'maxLength'
  | 'min'
  | 'max'
  | 'placeholder'
  | 'required'
  | 'spellCheck'
  | 'type'
>;
interface TextFieldProps extends Omit<ComponentProps<typeof Field>, 'children'>, Input {
  /** For ids and other things that are copied, not read. */
  readonly mono?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** One line of text with its label, and what is wrong with it. */
export function TextField({ label, help, error, mono = false, onChange, ...input }: TextFieldProps) {
  return (
    <Field label={label} {...(help !== undefined && { help })} {...(error !== undefined && { error })}>
      {(control) => (
        <input
          {...control}
          {...input}
          className={mono ? 'input mono' : 'input'}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
}
