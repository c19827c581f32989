import { useId, type ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly help?: ReactNode;
  /** What is wrong with what was entered; null: nothing. */
  readonly error?: string | null;
  /** Renders the control with what ties it to its label, help and error. */
  readonly children: (control: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': boolean;
  }) => ReactNode;
}

export function Field({ label, help, error = null, children }: FieldProps) {
  const id = useId();
  const described = error !== null || help !== undefined;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children({ id, 'aria-describedby': described ? `${id}-note` : undefined, 'aria-invalid': error !== null })}
      {described && (
        <p id={`${id}-note`} className={error === null ? 'field-help' : 'field-error'}>
          {error ?? help}
        </p>
      )}
    </div>
  );
}
