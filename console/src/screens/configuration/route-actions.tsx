import { Pencil, Trash2 } from 'lucide-react';
import { useRefusal } from '../../app/role.js';
import { Button } from '../../ui/button.js';

interface RouteActionsProps {
  /** What is routed, as in `the ad Spring sale`. */
  readonly name: string;
  readonly onChange: () => void;
  readonly onRemove: () => void;
}

/** What can be done with a route. */
export function RouteActions({ name, onChange, onRemove }: RouteActionsProps) {
  const refusal = useRefusal('admin');
  return (
    <>
      <Button kind="quiet" size="small" icon aria-label={`Change ${name}`} refusal={refusal} onClick={onChange}>
        <Pencil aria-hidden />
      </Button>
      <Button
        kind="quiet"
        size="small"
        icon
        aria-label={`No longer route ${name}`}
        refusal={refusal}
        onClick={onRemove}
      >
        <Trash2 aria-hidden />
      </Button>
    </>
  );
}
