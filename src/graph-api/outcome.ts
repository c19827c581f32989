import type { Channel } from '../domain/page.js';
import type { Outcome } from '../routing/submission.js';
import { GraphError, refused } from './graph-error.js';

/** Returns if the router did what was asked, now or when the same was asked before; else throws what the caller is told. */
export function expectApplied(outcome: Outcome, channel: Channel): void {
  switch (outcome.result) {
    case 'applied':
    case 'duplicate':
      return;
    case 'refused':
      throw refused(outcome.refusal.reason, channel);
    case 'unknown_page':
      throw new GraphError('app_not_connected');
    case 'unknown_person':
    case 'erased':
    case 'wrong_channel':
      throw new GraphError(channel === 'instagram' ? 'person_unknown_instagram' : 'person_unknown');
    case 'quarantined':
      throw new GraphError('invalid_parameter', 'The request cannot be stored');
    case 'version_mismatch':
    case 'key_reused':
      // The Graph API has neither a version nor an idempotency key to send.
      throw new Error(`a Graph API call cannot end as ${outcome.result}`);
  }
}
