import { isGraphId, psid, type Psid } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';

/** Instagram's ids are base64 of a text that begins with `ig_`, as its message ids are. */
const instagramPrefix = 'ig_thread:';

/** The id of a person's conversation with a page: the same for good, and with the beginnings of the platform's. */
export function conversationId(channel: Channel, person: Psid): string {
  return channel === 'messenger' ? `t_${person}` : Buffer.from(`${instagramPrefix}${person}`).toString('base64url');
}

/** The person whose conversation has this id; null if it is no conversation's. */
export function personOfConversation(id: string): Psid | null {
  const decoded = id.startsWith('t_') ? id.slice(2) : textOfInstagram(id);
  return decoded !== null && isGraphId(decoded) ? psid(decoded) : null;
}

function textOfInstagram(id: string): string | null {
  const text = Buffer.from(id, 'base64url').toString('latin1');
  return text.startsWith(instagramPrefix) ? text.slice(instagramPrefix.length) : null;
}

/** What an id that is not made of digits names; null if nothing has such ids. */
export function kindByForm(id: string): 'conversation' | 'message' | null {
  if (id.startsWith('t_') || personOfConversation(id) !== null) return 'conversation';
  return /^(m_|mid\.|aWdf)./.test(id) ? 'message' : null;
}
