import { humanAgentWindowMs, messagingWindowMs } from './guide.js';

/**
 * Until when messages may be sent to a person whose last event was `lastUserEventAt`: another clock than control.
 * Null: the person has never written, so nobody may write.
 */
export function messagingWindowEndsAt(lastUserEventAt: number | null, human: boolean): number | null {
  return lastUserEventAt === null ? null : lastUserEventAt + (human ? humanAgentWindowMs : messagingWindowMs);
}
