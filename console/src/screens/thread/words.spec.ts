import type { LogEntry } from '../../api/types.js';
import { logEntry } from './log-entry.fixture.js';
import { stepsOf } from './story.js';
import { kindOf, sentenceOf } from './words.js';

const apps: Readonly<Record<string, string>> = { '11': 'Marketing bot', '22': 'Support bot', '33': 'Inbox' };
const names = { person: 'Ann', nameOf: (appId: string) => apps[appId] ?? `app ${appId}` };

/** The last of these events, after the others. */
const told = (...entries: Partial<LogEntry>[]) => {
  const step = stepsOf(entries.map(logEntry)).at(-1);
  if (step === undefined) throw new Error('no event');
  return { sentence: sentenceOf(step, names), kind: kindOf(step) };
};
const owned: Partial<LogEntry> = { owner_app_id: '11' };

describe('an event in a sentence', () => {
  it.each<[string, string, Partial<LogEntry>]>([
    ['Ann wrote “Hello”', 'person', { payload: { message: { text: 'Hello' } } }],
    [
      'Ann tapped the quick reply “Prices”',
      'person',
      { payload: { message: { text: 'Prices', quick_reply: { payload: 'P' } } } },
    ],
    [
      'Ann wrote (image, file)',
      'person',
      { payload: { message: { attachments: [{ type: 'image' }, { type: 'file' }] } } },
    ],
    ['Ann wrote something whose text is no longer kept', 'person', { payload: null, payload_removed: true }],
    ['Ann wrote something that your role may not read', 'person', { payload: { message: { redacted: true } } }],
    ['Ann tapped “Buy”', 'person', { type: 'user.postback', payload: { postback: { title: 'Buy', payload: 'B' } } }],
    ['Ann tapped the ad 303', 'person', { type: 'user.referral', payload: { referral: { ad_id: '303', ref: 'x' } } }],
    ['Ann opened the link “spring”', 'person', { type: 'user.referral', payload: { referral: { ref: 'spring' } } }],
    ['Ann came through an ad or a link', 'person', { type: 'user.referral', payload: null }],
    [
      'Marketing bot wrote “Yes”',
      'app',
      { type: 'app.send', caller_app_id: '11', payload: { message: { text: 'Yes' } } },
    ],
    [
      'Inbox wrote “Hi” and took control',
      'control',
      { type: 'app.send', caller_app_id: '33', owner_app_id: '33', payload: { message: { text: 'Hi' } } },
    ],
    [
      'Marketing bot sends “Yes”',
      'app',
      { type: 'app.send', caller_app_id: '11', facts: ['intent'], payload: { message: { text: 'Yes' } } },
    ],
    [
      'Marketing bot is typing',
      'app',
      { type: 'app.action', caller_app_id: '11', payload: { sender_action: 'typing_on' } },
    ],
    [
      'Marketing bot passed the thread to Support bot',
      'control',
      { type: 'control.pass', caller_app_id: '11', target_app_id: '22', owner_app_id: '22' },
    ],
    [
      'An operator passed the thread to the default app',
      'control',
      { type: 'operator.pass', owner_app_id: '22', state: 'default-owned' },
    ],
    [
      'The control of Marketing bot ended: the person was silent for 24 hours',
      'time',
      { type: 'control.expired', owner_app_id: null, state: 'released' },
    ],
    [
      'Marketing bot is not connected to the page any more: the thread is released',
      'system',
      { type: 'app.disconnected', owner_app_id: null, state: 'released' },
    ],
    ['Ann: user.new_kind', 'person', { type: 'user.new_kind' }],
  ])('tells “%s”, as a %s', (sentence, kind, more) => {
    expect(told(owned, { ...owned, ...more })).toEqual({ sentence, kind });
  });

  it('tells a refusal with the owner and times of whoever reads it', () => {
    const refused = told(owned, {
      ...owned,
      type: 'app.send',
      outcome: 'refused',
      caller_app_id: '22',
      refusal: {
        reason: 'thread_not_owned',
        state: 'marketing-owned',
        effective_owner_app_id: '11',
        owner_since: new Date(2026, 2, 3, 10, 42).toISOString(),
        expires_at: new Date(2026, 2, 4, 10, 42).toISOString(),
        window_expires_at: null,
      },
    });
    expect(refused).toEqual({
      kind: 'refusal',
      sentence:
        'Support bot could not write: Marketing bot owns this thread since 10:42, until 10:42 tomorrow. ' +
        'It can pass control, or wait.',
    });
  });
});
