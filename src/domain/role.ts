/** What people may do: each role may do all that the ones before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whether somebody with `role` may do what needs `needed`. */
export function isAtLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** Whether somebody is shown what people and apps wrote to each other. */
export type MessageText = 'shown' | 'redacted';

export function messageTextFor(role: Role): MessageText {
  return isAtLeast(role, 'operator') ? 'shown' : 'redacted';
}
