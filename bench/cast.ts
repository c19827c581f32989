/** The page and the apps of the benchmark. */
export const page = { id: '104700000000001', name: 'Bench page' };

/** The default app: owns every thread that no ad routed elsewhere. */
export const support = { id: '2200000000000022', name: 'Support' };

/** Gets the threads of people who come from the ad; hears the others on standby, as the default app hears these. */
export const marketing = { id: '2100000000000011', name: 'Marketing' };

export const apps = [support, marketing] as const;

export const ad = { id: '120200000000000303', ref: 'spring', title: 'Spring sale' };

/** Without handovers: each event is then exactly two deliveries, to the owner and on standby. */
export const subscribedFields = ['messages', 'messaging_postbacks', 'messaging_referrals', 'standby'];

export const verifyToken = 'bench-verify-token';
export const metaAppSecret = 'bench-meta-app-secret';

export function psidOf(person: number): string {
  return String(7_000_000_000_000_000 + person);
}
