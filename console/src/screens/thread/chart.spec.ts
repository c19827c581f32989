import type { LogEntry, Machine } from '../../api/types.js';
import { edgesOf, guardText, takenBy } from './chart.js';
import { logEntry } from './log-entry.fixture.js';
import type { Step } from './story.js';

const to = (target: string | null, guard?: Machine['states'][string]['on'][string][number]['guard']) => ({
  target,
  ...(guard !== undefined && { guard }),
  actions: [{ type: 'tellOwner', reason: null }],
});
const machine: Machine = {
  id: 'thread',
  initial: 'released',
  states: {
    released: {
      on: {
        'user.message': [to('marketing-owned', 'hasAssignee'), to('default-owned', 'defaultAppSet'), to(null)],
        'user.referral': [to('marketing-owned', 'hasAssignee')],
      },
      after: {},
    },
    'default-owned': {
      on: {
        'app.send': [
          to(null, 'callerIsEffectiveOwner'),
          { ...to(null), actions: [{ type: 'refuse', reason: 'not_owned' }] },
        ],
        'control.pass': [
          to('passed', { type: 'and', guards: ['hasTarget', { type: 'not', guards: ['targetIsCaller'] }] }),
        ],
      },
      after: { controlWindow: [to('released')] },
    },
  },
};

/** A step of which the chart reads no more than this. */
const step = (stateBefore: Step['stateBefore'], type: string, facts: string[], state: LogEntry['state']): Step => ({
  entry: logEntry({ type, facts, state, owner_app_id: null }),
  index: 0,
  stateBefore,
  ownerBefore: null,
  ownerChanged: false,
});

describe('the edges of the chart', () => {
  it('are one between two states, whatever leads there, and none for what stays', () => {
    expect(edgesOf(machine).map(({ id }) => id)).toEqual([
      'released→marketing-owned',
      'released→default-owned',
      'default-owned→passed',
      'default-owned→released',
    ]);
  });

  it('are labelled by their event, or by the kind that several have', () => {
    expect(edgesOf(machine).map(({ label }) => label)).toEqual([
      'user.*',
      'user.message',
      'control.pass',
      'controlWindow',
    ]);
  });

  it('are labelled by a number where kinds differ', () => {
    const on = { 'user.message': [to('passed')], 'app.send': [to('passed')] };
    const [edge] = edgesOf({ ...machine, states: { released: { on, after: {} } } });
    expect(edge?.label).toBe('2 events');
  });

  it('keep what each transition asks for', () => {
    const [, , pass] = edgesOf(machine);
    expect(pass?.transitions).toEqual([{ event: 'control.pass', guard: 'hasTarget and not targetIsCaller' }]);
  });
});

describe('a guard', () => {
  it('reads as people say it', () => {
    expect(guardText('intent')).toBe('intent');
    expect(guardText({ type: 'and', guards: ['intent', { type: 'not', guards: ['markSeen'] }] })).toBe(
      'intent and not markSeen',
    );
  });
});

describe('the transition an event took', () => {
  it('is the first whose guard held', () => {
    const facts = ['defaultAppSet'];
    expect(takenBy(step('released', 'user.message', facts, 'default-owned'), machine)).toEqual({
      edge: 'released→default-owned',
      from: 'released',
      to: 'default-owned',
      event: 'user.message',
      guard: 'defaultAppSet',
      actions: ['tellOwner'],
    });
    const both = takenBy(step('released', 'user.message', [...facts, 'hasAssignee'], 'marketing-owned'), machine);
    expect(both?.edge).toBe('released→marketing-owned');
  });

  it('has no edge where the state stays, and tells why it was refused', () => {
    expect(takenBy(step('default-owned', 'app.send', [], 'default-owned'), machine)).toMatchObject({
      edge: null,
      guard: null,
      actions: ['refuse: not_owned'],
    });
  });

  it.each<[string[], string | undefined]>([
    [['hasTarget'], 'default-owned→passed'],
    [['hasTarget', 'targetIsCaller'], undefined],
    [[], undefined],
  ])('holds guards made of others against the facts %j', (facts, edge) => {
    expect(takenBy(step('default-owned', 'control.pass', facts, 'passed'), machine)?.edge).toBe(edge);
  });

  it('is that of the deadline for control that expired', () => {
    const taken = takenBy(step('default-owned', 'control.expired', [], 'released'), machine);
    expect(taken).toMatchObject({ edge: 'default-owned→released', event: 'controlWindow' });
  });

  it('is none where the machine does not know the event', () => {
    expect(takenBy(step('passed', 'user.message', [], 'passed'), machine)).toBeNull();
  });
});
