import { logEntry } from '../thread/log-entry.fixture.js';
import { whatHappened } from './what-happened.js';

const apps: Readonly<Record<string, string>> = { '11': 'Marketing bot', '22': 'Support bot' };
const told = (...rows: Parameters<typeof logEntry>[0][]) =>
  whatHappened(rows.map(logEntry), (appId) => apps[appId] ?? `app ${appId}`);

describe('what the phone tells of a thread', () => {
  it('is the newest thing of note', () => {
    expect(told({}, { type: 'app.send', caller_app_id: '11' }, { type: 'app.action', caller_app_id: '11' })).toBe(
      'Marketing bot answered.',
    );
  });

  it('is nothing while nothing of note happens', () => {
    expect(told()).toBeNull();
    expect(told({ owner_app_id: null })).toBeNull();
  });

  it.each<[string, Parameters<typeof logEntry>[0]]>([
    ['Marketing bot gets this.', {}],
    [
      'Marketing bot passed the conversation to Support bot.',
      { type: 'control.pass', caller_app_id: '11', owner_app_id: '22' },
    ],
    ['An operator passed the conversation to Support bot.', { type: 'operator.pass', owner_app_id: '22' }],
    ['Support bot took the conversation.', { type: 'inbox.take', owner_app_id: '22' }],
    ['An operator released the conversation.', { type: 'operator.release', owner_app_id: null }],
    [
      'The person was silent for so long that the conversation was released.',
      { type: 'control.expired', owner_app_id: null },
    ],
  ])('tells “%s”', (sentence, row) => {
    expect(told(row)).toBe(sentence);
  });

  it('tells a refusal in the words of the timeline', () => {
    const refusal = {
      reason: 'thread_not_owned',
      state: 'marketing-owned',
      effective_owner_app_id: '11',
      owner_since: new Date(2026, 2, 3, 10, 42).toISOString(),
      expires_at: new Date(2026, 2, 4, 10, 42).toISOString(),
      window_expires_at: null,
    } as const;
    expect(told({ type: 'app.send', outcome: 'refused', caller_app_id: '22', refusal })).toBe(
      'Support bot could not write: Marketing bot owns this thread since 10:42, until 10:42 tomorrow. ' +
        'It can pass control, or wait.',
    );
  });
});
