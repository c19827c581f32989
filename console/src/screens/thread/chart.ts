/** The statechart as a graph, from the machine's own definition, and which of its transitions an event has taken. */
import type { Machine, ThreadState } from '../../api/types.js';
import type { Step } from './story.js';

type Guard = NonNullable<Machine['states'][string]['on'][string][number]['guard']>;

/** All transitions between two states, drawn as one edge. */
export interface ChartEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly transitions: readonly { readonly event: string; readonly guard: string | null }[];
  /** What the edge stands for, short. */
  readonly label: string;
}

export interface Taken {
  readonly edge: string | null;
  readonly from: ThreadState;
  readonly to: ThreadState;
  readonly event: string;
  /** The guard that let it through; null: it needs none. */
  readonly guard: string | null;
  readonly actions: readonly string[];
}

export function edgesOf(machine: Machine): ChartEdge[] {
  const edges = new Map<string, { from: string; to: string; transitions: { event: string; guard: string | null }[] }>();
  for (const [from, state] of Object.entries(machine.states)) {
    for (const [event, transitions] of [...Object.entries(state.on), ...Object.entries(state.after)]) {
      for (const { target, guard } of transitions) {
        if (target === null) continue;
        const id = edgeId(from, target);
        const edge = edges.get(id) ?? { from, to: target, transitions: [] };
        edge.transitions.push({ event, guard: guard === undefined ? null : guardText(guard) });
        edges.set(id, edge);
      }
    }
  }
  return [...edges].map(([id, edge]) => ({ id, ...edge, label: labelOf(edge.transitions.map(({ event }) => event)) }));
}

function edgeId(from: string, to: string): string {
  return `${from}→${to}`;
}

/** One event by its name; several of a kind by the kind, else by their number. */
function labelOf(events: readonly string[]): string {
  const different = [...new Set(events)];
  const [first = ''] = different;
  if (different.length === 1) return first;
  const [kind = ''] = first.split('.');
  return different.every((event) => event.startsWith(`${kind}.`)) ? `${kind}.*` : `${different.length} events`;
}

export function guardText(guard: Guard): string {
  if (typeof guard === 'string') return guard;
  const parts = guard.guards.map(guardText);
  return guard.type === 'not' ? `not ${parts.join(' ')}` : parts.join(' and ');
}

function holds(guard: Guard | undefined, facts: ReadonlySet<string>): boolean {
  if (guard === undefined) return true;
  if (typeof guard === 'string') return facts.has(guard);
  const parts = guard.guards.map((part) => holds(part, facts));
  return guard.type === 'not' ? !parts.some(Boolean) : parts.every(Boolean);
}

/** The transition an event took: the first whose guard held. Guards read nothing but the facts that are in the log. */
export function takenBy(step: Step, machine: Machine): Taken | null {
  const state = machine.states[step.stateBefore];
  const expired = step.entry.type === 'control.expired';
  const event = expired ? 'controlWindow' : step.entry.type;
  const facts = new Set(step.entry.facts);
  const taken = (expired ? state?.after : state?.on)?.[event]?.find(({ guard }) => holds(guard, facts));
  if (taken === undefined) return null;
  return {
    edge: taken.target === null ? null : edgeId(step.stateBefore, taken.target),
    from: step.stateBefore,
    to: step.entry.state,
    event,
    guard: taken.guard === undefined ? null : guardText(taken.guard),
    actions: taken.actions.map(({ type, reason }) => (reason === null ? type : `${type}: ${reason}`)),
  };
}
