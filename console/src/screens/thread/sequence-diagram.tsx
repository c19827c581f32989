import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { connectionsQuery } from '../../api/queries.js';
import { clockTime } from '../../clock/format.js';
import { useApps } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Empty } from '../../ui/state.js';
import { mermaidOf, participantsOf, scenesOf, type Arrow } from './sequence.js';
import type { Step } from './story.js';
import type { Names } from './words.js';

const laneWidth = 109;
const arrowHeight = 26;
const timeWidth = 60;
const noteWidth = 290;
/** Drawn at once; the export has all of them. */
const scenesMax = 400;

interface Props {
  readonly pageId: string;
  readonly psid: string;
  readonly steps: readonly Step[];
  readonly names: Names;
  readonly current: number;
}

/** Person, router and apps, and what went between them up to a moment. */
export function SequenceDiagram({ pageId, psid, steps, names, current }: Props) {
  const apps = useApps();
  const { data: connections = [] } = useQuery(connectionsQuery(pageId));
  const participants = participantsOf(
    steps.map(({ entry }) => entry),
    connections.map(({ app_id }) => app_id),
  );
  const all = scenesOf(steps, names);
  const mermaid = mermaidOf(all, participants, names);
  const scenes = all.slice(Math.max(0, current + 1 - scenesMax), current + 1);
  const laneOf = (id: string) => timeWidth + (participants.indexOf(id) + 0.5) * laneWidth;
  const width = timeWidth + participants.length * laneWidth;
  const placed = place(scenes);
  const download = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([mermaid], { type: 'text/plain' }));
    link.download = `thread-${psid.replace(/\W/g, '_')}.mmd`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <div className="sequence">
      <div className="sequence-tools">
        <span className="faint">
          {scenes.length < current + 1 ? `The last ${scenesMax} events; the export has all.` : ''}
        </span>
        <CopyButton text={mermaid} label="Copy as Mermaid" />
        <Button size="small" onClick={download}>
          <Download aria-hidden />
          Download .mmd
        </Button>
      </div>
      {scenes.length === 0 ? (
        <Empty title="Nothing has happened by then">Move the slider on.</Empty>
      ) : (
        <div className="sequence-canvas" tabIndex={0} role="region" aria-label="Sequence diagram">
          <div className="sequence-head" style={{ width, paddingLeft: timeWidth }}>
            {participants.map((id) => (
              <span key={id} style={{ width: laneWidth }}>
                {id === 'person' || id === 'router' ? (
                  <b className="sequence-who ellipsis">{id === 'person' ? names.person : 'Signalbox'}</b>
                ) : (
                  <b className="sequence-who ellipsis" data-hue={apps.hueOf(id)} title={apps.nameOf(id)}>
                    {apps.nameOf(id)}
                  </b>
                )}
              </span>
            ))}
          </div>
          <svg
            width={width}
            height={placed.height + 16}
            role="img"
            aria-label={`${scenes.length} events between the person, Signalbox and the apps; the timeline tells them in words`}
          >
            {participants.map((id) => (
              <line key={id} className="life-line" x1={laneOf(id)} x2={laneOf(id)} y1={0} y2={placed.height + 16} />
            ))}
            {placed.rows.map(({ key, y, time, arrow, note }) =>
              arrow === null ? (
                <g key={key} className="sequence-note">
                  <rect x={laneOf('router') - noteWidth / 2} y={y - 13} width={noteWidth} height={20} rx={4} />
                  <text x={laneOf('router')} y={y + 1} textAnchor="middle">
                    {note}
                  </text>
                </g>
              ) : (
                <Line key={key} arrow={arrow} y={y} from={laneOf(arrow.from)} to={laneOf(arrow.to)} time={time} />
              ),
            )}
          </svg>
        </div>
      )}
    </div>
  );
}

interface Placed {
  readonly key: string;
  readonly y: number;
  /** With the first line of an event. */
  readonly time: string | null;
  readonly arrow: Arrow | null;
  readonly note: string | null;
}

function place(scenes: ReturnType<typeof scenesOf>): { rows: Placed[]; height: number } {
  let y = 6;
  const rows: Placed[] = [];
  for (const { step, arrows, note } of scenes) {
    y += 8;
    arrows.forEach((arrow, index) => {
      y += arrowHeight;
      rows.push({
        key: `${step.entry.id} ${index}`,
        y,
        time: index === 0 ? clockTime(Date.parse(step.entry.at)) : null,
        arrow,
        note: null,
      });
    });
    if (note !== null) {
      y += arrowHeight;
      rows.push({ key: `${step.entry.id} note`, y, time: null, arrow: null, note });
    }
  }
  return { rows, height: y };
}

function Line({
  arrow,
  y,
  from,
  to,
  time,
}: {
  arrow: Arrow;
  y: number;
  from: number;
  to: number;
  time: string | null;
}) {
  const self = from === to;
  const way = Math.sign(to - from);
  return (
    <g className="arrow" data-kind={arrow.kind}>
      {time !== null && (
        <text className="arrow-time" x={4} y={y + 3}>
          {time}
        </text>
      )}
      <path d={self ? `M${from},${y - 8}h26v10h-20` : `M${from},${y}H${to - way * 2}`} />
      <path className="arrow-point" d={self ? `M${from + 3},${y + 2}l7,-4v8z` : `M${to},${y}l${-way * 8},-4v8z`} />
      <text
        x={self ? from + 32 : way > 0 ? from + 8 : from - 8}
        y={self ? y : y - 5}
        textAnchor={self || way > 0 ? 'start' : 'end'}
      >
        {arrow.text}
      </text>
    </g>
  );
}
