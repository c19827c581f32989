import type { Channel } from '../domain/page.js';
import type { PageCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { readChoice } from './parameter-values.js';

/** The channel a call on a page means: by its path, by `platform`, else Messenger. */
export function readPlatform({ caller, onlyChannel, parameters }: PageCall): Channel {
  const named = readChoice(parameters, 'platform', 'platform', ['messenger', 'instagram']);
  const channel = onlyChannel ?? named ?? 'messenger';
  if (channel === 'instagram' && caller.page.instagramId === null) throw new GraphError('instagram_not_linked');
  return channel;
}
