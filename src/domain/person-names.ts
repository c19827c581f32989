import type { Psid } from './ids.js';
import type { Channel } from './page.js';

/** What a simulated person is called: names made from ids, so that bots can greet people. */
export function personNames(person: Psid, channel: Channel) {
  const last = person.slice(-4);
  const names = { first: 'Person', last, full: `Person ${last}` };
  return channel === 'instagram' ? { ...names, username: `person.${person}` } : { ...names, username: null };
}
