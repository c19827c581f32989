import '@xyflow/react/dist/style.css';
import {
  BaseEdge,
  Controls,
  EdgeLabelRenderer,
  Handle,
  Position,
  ReactFlow,
  type Edge,
  type EdgeProps,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { machineQuery } from '../../api/queries.js';
import type { Machine, ThreadState } from '../../api/types.js';
import { Countdown } from '../../clock/time.js';
import { useTheme } from '../../app/theme.js';
import { AppChip } from '../../ui/app-chip.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { edgesOf, takenBy, type ChartEdge, type Taken } from './chart.js';
import { layOut, stateSize, type Layout } from './layout.js';
import type { Step } from './story.js';

interface Props {
  readonly state: ThreadState;
  readonly ownerAppId: string | null;
  readonly expiresAt: string | null;
  /** The event that led here; null: none has happened. */
  readonly step: Step | null;
}

type StateNode = Node<{ lit: boolean; ownerAppId: string | null; expiresAt: string | null }, 'state'>;
type TransitionEdge = Edge<
  {
    edge: ChartEdge;
    path: Layout['edges'] extends ReadonlyMap<string, infer Path> ? Path : never;
    taken: Taken | null;
  },
  'transition'
>;

/** The machine's statechart: the state a thread is in, and the way it came there. */
export function Statechart(props: Props) {
  const { data: machine, error, refetch } = useQuery(machineQuery);
  const edges = useMemo(() => (machine === undefined ? [] : edgesOf(machine)), [machine]);
  const { data: layout, error: layoutError } = useQuery({
    queryKey: ['machine', 'layout'],
    enabled: machine !== undefined,
    staleTime: Infinity,
    queryFn: () => layOut(Object.keys(machine?.states ?? {}), edges),
  });
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  if (layoutError !== null) return <Failure error={layoutError} />;
  if (machine === undefined || layout === undefined) return <Skeleton lines={5} />;
  return <Chart {...props} machine={machine} edges={edges} layout={layout} />;
}

const stateTypes = { state: StateBox };
const edgeTypes = { transition: TransitionPath };

function Chart({
  state,
  ownerAppId,
  expiresAt,
  step,
  machine,
  edges,
  layout,
}: Props & { machine: Machine; edges: readonly ChartEdge[]; layout: Layout }) {
  const theme = useTheme();
  const taken = step === null ? null : takenBy(step, machine);
  const nodes: StateNode[] = Object.keys(machine.states).map((id) => ({
    id,
    type: 'state',
    position: layout.states.get(id) ?? { x: 0, y: 0 },
    ...stateSize,
    data: { lit: id === state, ownerAppId, expiresAt },
  }));
  const drawn: TransitionEdge[] = edges.flatMap((edge) => {
    const path = layout.edges.get(edge.id);
    const lit = taken !== null && taken.edge === edge.id;
    if (path === undefined) return [];
    return [
      {
        id: edge.id,
        source: edge.from,
        target: edge.to,
        type: 'transition' as const,
        zIndex: lit ? 10 : 0,
        data: { edge, path, taken: lit ? taken : null },
      },
    ];
  });
  return (
    <div className="statechart">
      <p className="statechart-taken" role="status">
        <TakenText taken={taken} refused={step?.entry.outcome === 'refused'} />
      </p>
      <div
        className="statechart-canvas"
        role="group"
        aria-label={`Statechart of the thread; it is in the state ${state}`}
      >
        <ReactFlow<StateNode, TransitionEdge>
          nodes={nodes}
          edges={drawn}
          nodeTypes={stateTypes}
          edgeTypes={edgeTypes}
          colorMode={theme}
          onInit={(flow) =>
            void flow.fitBounds({ x: 0, y: 0, width: layout.width, height: layout.height }, { padding: 0.02 })
          }
          minZoom={0.4}
          maxZoom={1.6}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
        >
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
    </div>
  );
}

function TakenText({ taken, refused }: { taken: Taken | null; refused: boolean }) {
  if (taken === null) return <span className="faint">No event has happened yet.</span>;
  return (
    <>
      <code className="event-name">{taken.event}</code>
      <span className="faint">{taken.guard === null ? ' always' : ' because '}</span>
      {taken.guard !== null && <code>{taken.guard}</code>}
      <span className="faint">
        {refused ? ' → refused, ' : ' → '}
        {taken.edge === null ? `stays ${taken.to}` : taken.to}
      </span>
    </>
  );
}

function StateBox({ id, data }: NodeProps<StateNode>) {
  return (
    <div className="state-box" data-state={id} data-lit={data.lit}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <strong>{id}</strong>
      {data.lit && data.ownerAppId !== null && <AppChip appId={data.ownerAppId} />}
      {data.lit && data.ownerAppId === null && <span className="faint">nobody owns it</span>}
      {data.lit && data.expiresAt !== null && (
        <span className="state-deadline">
          <Countdown until={data.expiresAt} />
        </span>
      )}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function TransitionPath({ id, data }: EdgeProps<TransitionEdge>) {
  if (data === undefined) return null;
  const { edge, path, taken } = data;
  const [start, ...rest] = path.points;
  if (start === undefined) return null;
  const end = rest.at(-1) ?? start;
  const before = rest.at(-2) ?? start;
  const loop = edge.from === edge.to;
  const line = `M${start.x},${start.y}${rest.map(({ x, y }) => `L${x},${y}`).join('')}`;
  const help = edge.transitions.map(({ event, guard }) => (guard === null ? event : `${event} [${guard}]`)).join('\n');
  return (
    <g className="transition" data-taken={taken !== null}>
      <BaseEdge id={id} path={line} interactionWidth={12} />
      <path className="arrow-head" d={arrowHead(before, end)} />
      <EdgeLabelRenderer>
        <span
          className="transition-label"
          data-taken={taken !== null}
          title={help}
          style={{
            // A longer text grows away from the state of a loop, and to both sides elsewhere.
            transform: loop
              ? `translate(${path.label.x + path.label.width}px, ${path.label.y}px) translateX(-100%)`
              : `translate(${path.label.x + path.label.width / 2}px, ${path.label.y}px) translateX(-50%)`,
            zIndex: taken === null ? 0 : 5,
          }}
        >
          {taken === null ? edge.label : taken.event}
          {taken?.guard != null && <em>[{taken.guard}]</em>}
        </span>
      </EdgeLabelRenderer>
    </g>
  );
}

/** A small triangle at the end of an orthogonal line. */
function arrowHead(before: { x: number; y: number }, end: { x: number; y: number }): string {
  const length = 7;
  const half = 4;
  const x = Math.sign(end.x - before.x);
  const y = Math.sign(end.y - before.y);
  const back = { x: end.x - x * length, y: end.y - y * length };
  return `M${end.x},${end.y}L${back.x + y * half},${back.y + x * half}L${back.x - y * half},${back.y - x * half}Z`;
}
