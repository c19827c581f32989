import { useId, type ReactNode } from 'react';
import { ApiProblem, sentenceOf } from '../../api/problem.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Notice } from '../../ui/notice.js';

interface FormDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly danger?: boolean;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A dialog with a form; says what is wrong with what was entered. */
export function FormDialog({ title, submit, danger, pending, error, onSubmit, onClose, children }: FormDialogProps) {
  const id = useId();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={danger === true ? 'danger' : 'primary'} type="submit" form={id} disabled={pending}>
            {pending ? 'Saving…' : submit}
          </Button>
        </>
      }
    >
      <form
        id={id}
        className="configuration-form"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        {error !== null && (
          <Notice tone="bad">
            {sentenceOf(error)}
            {error instanceof ApiProblem &&
              error.errors.map(({ path, message }) => (
                <p key={`${path}${message}`}>
                  <code>{path}</code> {message}
                </p>
              ))}
          </Notice>
        )}
      </form>
    </Dialog>
  );
}
