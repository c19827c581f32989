import { redactedPayload } from './redaction.js';

const sender = { id: '7000000000000101' };
const recipient = { id: '104700000000001' };

it.each([
  [{ message: { mid: 'm_1', text: 'secret', nlp: { secret: 1 } } }, { message: { mid: 'm_1', redacted: true } }],
  [{ postback: { mid: 'm_2', title: 'secret', payload: 'secret' } }, { postback: { mid: 'm_2', redacted: true } }],
  [{ referral: { ref: 'secret' } }, { referral: { redacted: true } }],
  [{ not_yet_known: 'secret' }, { not_yet_known: { redacted: true } }],
  [{ sender: { ...sender, user_ref: 'secret' }, timestamp: 'secret' }, { timestamp: null }],
])('leaves of %j only who, to whom and when', (said, left) => {
  const payload = redactedPayload({ sender, recipient, timestamp: 1, ...said });
  expect(payload).toEqual({ sender, recipient, timestamp: 1, ...left });
});

it.each(['secret', ['secret'], null, 7])('leaves nothing of %j, which is no item', (payload) => {
  expect(redactedPayload(payload)).toEqual({ redacted: true });
});
