/** The story of a thread as a sequence of messages between the person, the router and the apps. Pure. */
import type { LogEntry } from '../../api/types.js';
import { kindOf, sentenceOf, type Names, type StepKind } from './words.js';
import type { Step } from './story.js';

export interface Arrow {
  /** `person`, `router` or an app's id. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** A copy is drawn dotted; a handover in the colour of control. */
  readonly kind: 'message' | 'standby' | 'echo' | 'pass' | 'take' | 'refusal' | 'control';
}

export interface Scene {
  readonly step: Step;
  readonly kind: StepKind;
  readonly arrows: readonly Arrow[];
  /** A change of the owner, as a note over the router; null: it stays. */
  readonly note: string | null;
}

/** Who takes part, in a stable order: the person, the router, the apps as they appear. */
export function participantsOf(entries: readonly LogEntry[], connected: readonly string[]): string[] {
  const apps = new Set(connected);
  for (const { cause, caller_app_id, notices } of entries) {
    for (const app of [caller_app_id, cause.app_id, ...notices.map(({ app_id }) => app_id)]) {
      if (app !== null) apps.add(app);
    }
  }
  return ['person', 'router', ...apps];
}

export function scenesOf(steps: readonly Step[], names: Names): Scene[] {
  return steps.map((step) => ({ step, kind: kindOf(step), arrows: arrowsOf(step, names), note: noteOf(step, names) }));
}

function arrowsOf(step: Step, names: Names): Arrow[] {
  const { entry } = step;
  const text = shorten(sentenceOf(step, names));
  const app = entry.caller_app_id ?? entry.cause.app_id;
  const arrows: Arrow[] = [];
  if (entry.outcome === 'refused') {
    const from = app ?? 'router';
    return [
      { from, to: 'router', text: actOf(entry), kind: 'control' },
      { from: 'router', to: from, text: `refused: ${entry.refusal?.reason ?? ''}`, kind: 'refusal' },
    ];
  }
  if (entry.type.startsWith('user.')) arrows.push({ from: 'person', to: 'router', text, kind: 'message' });
  else if (app !== null) {
    arrows.push({ from: app, to: 'router', text, kind: isMessage(entry) ? 'message' : 'control' });
    if (isMessage(entry) && !entry.facts.includes('intent')) {
      arrows.push({ from: 'router', to: 'person', text: 'message', kind: 'message' });
    }
  } else arrows.push({ from: 'router', to: 'router', text, kind: 'control' });
  for (const notice of entry.notices) {
    const got = receivedAs(entry, notice);
    arrows.push({
      from: 'router',
      to: notice.app_id,
      text: got === 'pass' ? 'pass_thread_control' : got === 'take' ? 'take_thread_control' : got,
      kind: got,
    });
  }
  return arrows;
}

/** As what an app gets an event. */
export function receivedAs(
  entry: Pick<LogEntry, 'type'>,
  notice: Pick<LogEntry['notices'][number], 'kind' | 'field'>,
): 'message' | 'standby' | 'echo' | 'pass' | 'take' {
  if (notice.kind !== 'event') return notice.kind;
  if (notice.field === 'standby') return 'standby';
  return /^app\.sen[dt]$|^outside\.reply$/.test(entry.type) ? 'echo' : 'message';
}

function isMessage({ type }: LogEntry): boolean {
  return type === 'app.send' || type === 'app.sent';
}

function actOf({ type }: LogEntry): string {
  return type === 'app.send' ? 'message' : type;
}

function noteOf({ entry, ownerChanged }: Step, { nameOf }: Names): string | null {
  if (!ownerChanged) return null;
  return entry.owner_app_id === null ? 'released' : `${nameOf(entry.owner_app_id)} owns the thread (${entry.state})`;
}

const textMax = 46;
function shorten(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > textMax ? `${line.slice(0, textMax - 1).trimEnd()}…` : line;
}

/** The same as Mermaid's text. What people wrote is in it, so everything that means something to Mermaid is escaped. */
export function mermaidOf(
  scenes: readonly Scene[],
  participants: readonly string[],
  { person, nameOf }: Names,
): string {
  const alias = new Map(
    participants.map((id, index) => [id, id === 'person' || id === 'router' ? id : `app${index - 1}`]),
  );
  const called = (id: string) => alias.get(id) ?? 'router';
  const lines = [
    'sequenceDiagram',
    ...participants.map((id) => {
      if (id === 'person') return `  actor person as ${escape(person)}`;
      return `  participant ${called(id)} as ${id === 'router' ? 'Signalbox' : escape(nameOf(id))}`;
    }),
    ...scenes.flatMap(({ arrows, note }) => [
      ...arrows.map(({ from, to, text, kind }) => `  ${called(from)}${lineOf(kind)}${called(to)}: ${escape(text)}`),
      ...(note === null ? [] : [`  Note over router: ${escape(note)}`]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf(kind: Arrow['kind']): string {
  if (kind === 'refusal') return '--x';
  return kind === 'standby' || kind === 'echo' ? '-->>' : '->>';
}

function escape(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replace(/[#;<>{}"%&:]/g, (character) => `#${character.codePointAt(0) ?? 35};`);
}
