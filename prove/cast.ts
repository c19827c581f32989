/** Who takes part: two pages, four apps. Ids have the platform's form. */
export const metaAppSecret = 'prove-secret-of-the-platform-app';
export const adminToken = 'prove-admin-token-0123456789';
export const verifyToken = 'prove-verify-token';
/** In the text of every message: nothing that is printed may contain it. */
export const canary = 'xylophone-canary';

export const fields = [
  'messages',
  'message_reads',
  'message_reactions',
  'messaging_postbacks',
  'messaging_referrals',
  'messaging_handovers',
  'message_echoes',
  'standby',
] as const;

export interface AppRole {
  readonly id: string;
  readonly name: string;
  readonly batchSizeMax: number;
  readonly canTakeControl: boolean;
  /** Whether its endpoint has bad times while faults are on. */
  readonly moody: boolean;
}

export const marketing: AppRole = role('2100000000000011', 'marketing', 1, false, false);
export const support: AppRole = role('2200000000000022', 'support', 1, false, true);
export const archive: AppRole = role('2300000000000033', 'archive', 100, false, true);
export const desk: AppRole = role('2400000000000044', 'desk', 1, true, false);
export const appRoles = [marketing, support, archive, desk];

function role(id: string, name: string, batchSizeMax: number, canTakeControl: boolean, moody: boolean): AppRole {
  return { id, name, batchSizeMax, canTakeControl, moody };
}

export interface PageRole {
  readonly id: string;
  readonly instagramId: string;
  readonly apps: readonly AppRole[];
  readonly defaultApp: AppRole | null;
}

export const shop: PageRole = {
  id: '104700000000001',
  instagramId: '17841400000000001',
  apps: [marketing, support, archive, desk],
  defaultApp: support,
};
/** A page without a default app, of which the archive must never hear. */
export const cafe: PageRole = {
  id: '104700000000002',
  instagramId: '17841400000000002',
  apps: [marketing, desk],
  defaultApp: null,
};
export const pageRoles = [shop, cafe];
export const ad = { id: '120200000000000303', ref: 'spring', title: 'Spring sale' };

/** A person: which page they write to, and on which channel. */
export interface PersonRole {
  readonly number: number;
  readonly psid: string;
  readonly page: PageRole;
  readonly channel: 'messenger' | 'instagram';
}

export function person(number: number): PersonRole {
  const channel = number % 4 === 3 ? 'instagram' : 'messenger';
  const base = channel === 'messenger' ? 7_100_000_000_000_000 : 810_000_000_000_000;
  return { number, psid: String(base + number), page: number % 5 === 4 ? cafe : shop, channel };
}

/** The id that names the business side to this person. */
export function businessIdOf({ page, channel }: PersonRole): string {
  return channel === 'instagram' ? page.instagramId : page.id;
}
