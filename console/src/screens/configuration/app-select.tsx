import { useQuery } from '@tanstack/react-query';
import { appsQuery } from '../../api/queries.js';
import { Field } from '../../ui/field.js';

interface AppSelectProps {
  readonly label: string;
  readonly help?: string;
  readonly value: string | null;
  readonly onChange: (appId: string | null) => void;
  /** What no app means; left out: an app must be chosen. */
  readonly none?: string;
  /** The apps to choose from; left out: all. */
  readonly among?: readonly string[];
}

export function AppSelect({ label, help, value, onChange, none, among }: AppSelectProps) {
  const { data: apps = [] } = useQuery(appsQuery);
  const choices = apps.filter(({ app_id }) => among === undefined || among.includes(app_id) || app_id === value);
  return (
    <Field label={label} help={help}>
      {(control) => (
        <select
          {...control}
          className="input"
          required={none === undefined}
          value={value ?? ''}
          onChange={({ target }) => onChange(target.value === '' ? null : target.value)}
        >
          <option value="">{none ?? 'Choose an app'}</option>
          {choices.map((app) => (
            <option key={app.app_id} value={app.app_id}>
              {app.name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
