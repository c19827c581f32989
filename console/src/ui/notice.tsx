import { CircleAlert, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Tone } from './badge.js';

/** A sentence that belongs to what is around it. */
export function Notice({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  const Icon = tone === 'bad' || tone === 'warn' ? CircleAlert : Info;
  return (
    <div className="notice" data-tone={tone}>
      <Icon aria-hidden />
      <div>{children}</div>
    </div>
  );
}
