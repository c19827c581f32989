import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { useRefusal } from '../../app/role.js';
import { Empty } from '../../ui/state.js';

/** What only admins may see; everybody else is told so. */
export function AdminsOnly({ what, children }: { what: string; children: ReactNode }) {
  const refusal = useRefusal('admin');
  if (refusal === undefined) return children;
  return (
    <Empty icon={Lock} title={`Only admins see the ${what}`}>
      {refusal} Sign in with another token, or ask an admin.
    </Empty>
  );
}
