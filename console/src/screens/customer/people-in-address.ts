import { useSearchParams } from 'react-router';
import type { Channel } from '../../api/types.js';

export interface PhoneOwner {
  readonly psid: string;
  readonly channel: Channel;
}

/** The people whose phones are on the screen, kept in the address as `people=messenger.7001,instagram.7002`. */
export function usePeople() {
  const [parameters, setParameters] = useSearchParams();
  const people = (parameters.get('people') ?? '').split(',').flatMap(parse);
  const set = (next: readonly PhoneOwner[]) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before);
        if (next.length === 0) after.delete('people');
        else after.set('people', next.map(({ channel, psid }) => `${channel}.${psid}`).join(','));
        return after;
      },
      { replace: true },
    );
  return {
    people,
    add: (channel: Channel) => {
      const person = { channel, psid: newPsid() };
      set([...people, person]);
      return person;
    },
    remove: (psid: string) => set(people.filter((person) => person.psid !== psid)),
  };
}

function parse(text: string): PhoneOwner[] {
  const [, channel, psid] = /^(messenger|instagram)\.(\d{1,20})$/.exec(text) ?? [];
  if (psid === undefined || (channel !== 'messenger' && channel !== 'instagram')) return [];
  return [{ channel, psid }];
}

/** An id nobody has yet, as long as those of the platform. */
function newPsid(): string {
  const digits = crypto.getRandomValues(new Uint8Array(15));
  return `7${[...digits].map((digit) => digit % 10).join('')}`;
}
