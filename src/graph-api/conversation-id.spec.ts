import { newMid } from '../channels/message-id.js';
import { psid } from '../domain/ids.js';
import { conversationId, kindByForm, personOfConversation } from './conversation-id.js';

const person = psid('7000000000000101');

describe('a conversation id', () => {
  it('has the beginning of its channel and leads back to the person', () => {
    expect(conversationId('messenger', person)).toBe('t_7000000000000101');
    expect(conversationId('instagram', person)).toMatch(/^aWdf[\w-]+$/);
    for (const channel of ['messenger', 'instagram'] as const) {
      const id = conversationId(channel, person);
      expect(personOfConversation(id)).toBe(person);
      expect(kindByForm(id)).toBe('conversation');
    }
  });

  it('is told from message ids and from words', () => {
    expect(kindByForm(newMid('messenger'))).toBe('message');
    expect(kindByForm(newMid('instagram'))).toBe('message');
    expect(kindByForm('t_x')).toBe('conversation'); // of nobody, or the platform's own
    expect(kindByForm('somebody')).toBeNull();
  });
});
