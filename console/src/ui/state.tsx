import { CircleAlert, Inbox, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiProblem, sentenceOf } from '../api/problem.js';
import { Button } from './button.js';

interface EmptyProps {
  readonly icon?: LucideIcon;
  readonly title: string;
  /** Why there is nothing, and what to do next. */
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

/** Nothing to show, and what to do about it. */
export function Empty({ icon: Icon = Inbox, title, children, actions }: EmptyProps) {
  return (
    <div className="state">
      <Icon aria-hidden />
      <h2>{title}</h2>
      <p>{children}</p>
      {actions !== undefined && <div className="state-actions">{actions}</div>}
    </div>
  );
}

/** Something could not be read: why, and another try. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <div className="state" role="alert">
      <CircleAlert aria-hidden />
      <h2>{problem?.title ?? 'This could not be loaded'}</h2>
      <p>{sentenceOf(error)}</p>
      {problem?.traceId != null && problem.status >= 500 && (
        <p className="faint">
          Trace id <code>{problem.traceId}</code>
        </p>
      )}
      {retry !== undefined && (
        <div className="state-actions">
          <Button onClick={retry}>Try again</Button>
        </div>
      )}
    </div>
  );
}

/** Grey lines in place of what is still being read. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div aria-busy="true" aria-label="Loading" role="status" className="skeletons">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="skeleton" />
      ))}
    </div>
  );
}
