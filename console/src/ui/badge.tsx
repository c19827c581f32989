import type { ReactNode } from 'react';
import type { ThreadState } from '../api/types.js';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent';

export function Badge({
  tone = 'plain',
  title,
  children,
}: {
  tone?: Tone;
  title?: string | undefined;
  children: ReactNode;
}) {
  return (
    <span className="badge" data-tone={tone} title={title}>
      {children}
    </span>
  );
}

export function StateBadge({ state }: { state: ThreadState }) {
  return (
    <span className="badge state-badge" data-state={state}>
      {state}
    </span>
  );
}
