import { refusalReasons } from '../domain/thread/refusal.js';
import { refusalInWords, refusalReason, timeInWords, type RefusedEntry } from './refusal-words.js';

const names: Readonly<Record<string, string>> = { '11': 'Marketing bot', '22': 'Support bot', '33': 'Inbox' };
const reader = { nameOf: (appId: string) => names[appId] ?? `app ${appId}`, timeZone: 'UTC' } as const;
const at = '2026-03-03T12:00:00.000Z';

const refusal = (more: Partial<RefusedEntry['refusal']> = {}): RefusedEntry['refusal'] => ({
  reason: 'thread_not_owned',
  state: 'marketing-owned',
  effective_owner_app_id: '11',
  owner_since: '2026-03-03T10:42:00.000Z',
  expires_at: '2026-03-04T10:42:00.000Z',
  window_expires_at: '2026-03-04T10:42:00.000Z',
  ...more,
});
const entry = (more: Partial<RefusedEntry> = {}): RefusedEntry => ({
  type: 'app.send',
  at,
  cause: { by: 'app', app_id: '22', reason: null, trace_id: null, skipped_app_id: null },
  caller_app_id: '22',
  target_app_id: null,
  refusal: refusal(),
  ...more,
});

describe('a refusal in words', () => {
  it('says who could not do what, who owns the thread since and until when, and what helps', () => {
    expect(refusalInWords(entry(), reader)).toBe(
      'Support bot could not write: Marketing bot owns this thread since 10:42 UTC, until 10:42 UTC tomorrow. ' +
        'It can pass control, or wait.',
    );
  });

  it('names what stood in the way first, where that is not the owner', () => {
    const passing = entry({
      type: 'control.pass',
      caller_app_id: '11',
      target_app_id: '33',
      refusal: refusal({ reason: 'target_not_connected' }),
    });
    expect(refusalInWords(passing, reader)).toBe(
      'Marketing bot could not pass the thread to Inbox: the app that is to get the thread is not connected to the page. ' +
        'Marketing bot owns this thread since 10:42 UTC, until 10:42 UTC tomorrow. Connect it first.',
    );
  });

  it.each([
    ['operator', 'An operator'],
    ['timer', 'Signalbox'],
  ] as const)('calls %s, where no app did it, %s', (by, who) => {
    const cause = { by, app_id: null, reason: null, trace_id: null, skipped_app_id: null };
    const text = refusalInWords(entry({ type: 'operator.release', caller_app_id: null, cause }), reader);
    expect(text).toMatch(new RegExp(`^${who} could not release the thread: `));
  });

  it('tells the standing of a released thread by its default app, or by nobody', () => {
    const released = { state: 'released', owner_since: null, expires_at: null } as const;
    const reason = (owner: string | null) =>
      refusalReason(refusal({ ...released, effective_owner_app_id: owner }), Date.parse(at), reader);
    expect(reason('22')).toBe(
      'the thread is released, and Support bot answers as the default app. It can pass control, or wait.',
    );
    expect(reason(null)).toBe('nobody owns this thread.');
  });

  it('tells when the messaging window closed, or that it was never open', () => {
    const closed = (window_expires_at: string | null) =>
      refusalReason(refusal({ reason: 'window_closed', window_expires_at }), Date.parse(at), reader);
    expect(closed('2026-03-02T09:00:00.000Z')).toMatch(/^the messaging window closed at 09:00 UTC yesterday\. /);
    expect(closed(null)).toMatch(/^the person has never written\. /);
    expect(closed(null)).toMatch(/ The window opens when the person writes\.$/);
  });

  it.each(refusalReasons)('is whole sentences for %s, and tells who owns the thread', (reason) => {
    const text = refusalReason(refusal({ reason }), Date.parse(at), reader);
    expect(text).toContain('Marketing bot owns this thread since 10:42 UTC, until 10:42 UTC tomorrow.');
    expect(text).toMatch(/\.$/);
    expect(text).not.toMatch(/\. [a-z]|\.\.|null|undefined/);
    // There is something after who owns it: what helps.
    expect(text).toMatch(/tomorrow\. \w/);
  });
});

describe('a time in words', () => {
  const told = (instant: string, zone: 'UTC' | null = 'UTC') => timeInWords(Date.parse(instant), Date.parse(at), zone);

  it.each([
    ['2026-03-03T00:00:00Z', '00:00 UTC'],
    ['2026-03-04T10:42:00Z', '10:42 UTC tomorrow'],
    ['2026-03-02T23:59:00Z', '23:59 UTC yesterday'],
    ['2026-02-28T10:42:00Z', '10:42 UTC on 2026-02-28'],
  ])('tells %s as %s', (instant, text) => {
    expect(told(instant)).toBe(text);
  });

  it('leaves the zone unsaid where it is that of the reader', () => {
    const noon = new Date(2026, 2, 3, 12).getTime();
    expect(timeInWords(new Date(2026, 2, 4, 10, 42).getTime(), noon, null)).toBe('10:42 tomorrow');
  });
});
