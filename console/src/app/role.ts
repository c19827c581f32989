import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../api/queries.js';
import type { Role } from '../api/types.js';

/** Each may what those before it may. */
const roles: readonly Role[] = ['viewer', 'operator', 'admin'];
const named: Readonly<Record<Role, string>> = { viewer: 'a viewer', operator: 'an operator', admin: 'an admin' };
const doers: Readonly<Record<Role, string>> = {
  viewer: 'Everybody signed in may do this',
  operator: 'Operators and admins may do this',
  admin: 'Only admins may do this',
};

/** Why whoever is signed in may not do what takes a role, as a sentence for them; undefined: they may. */
export function useRefusal(needed: Role): string | undefined {
  const { data: session } = useQuery(sessionQuery);
  if (session === undefined || roles.indexOf(session.role) >= roles.indexOf(needed)) return undefined;
  return `${doers[needed]}; you are signed in as ${named[session.role]}.`;
}
