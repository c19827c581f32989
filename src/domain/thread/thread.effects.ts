import type { AppId } from '../ids.js';

/** What the machine asks for. */
export type Effect =
  | { readonly type: 'tellPass'; readonly to: AppId | null; readonly previousOwnerAppId: AppId | null }
  | { readonly type: 'tellTake'; readonly from: AppId | null; readonly newOwnerAppId: AppId | null }
  | { readonly type: 'tellOwner'; readonly ownerAppId: AppId | null }
  | { readonly type: 'tellEveryone' };
