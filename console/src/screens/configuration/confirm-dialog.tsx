import type { ReactNode } from 'react';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';

interface ConfirmDialogProps {
  readonly title: string;
  readonly submit: string;
  /** What is done once it is confirmed. */
  readonly change: () => Promise<undefined>;
  readonly onClose: () => void;
  /** What follows from it. */
  readonly children: ReactNode;
}

/** Asks before something is taken away. */
export function ConfirmDialog({ title, submit, change, onClose, children }: ConfirmDialogProps) {
  const confirmed = useChange(change, onClose);
  return (
    <FormDialog
      title={title}
      submit={submit}
      danger
      pending={confirmed.isPending}
      error={confirmed.error}
      onSubmit={() => confirmed.mutate(undefined)}
      onClose={onClose}
    >
      {children}
    </FormDialog>
  );
}
