/** Where the statechart's states and edges go, by elk in a worker: it is slow enough to stop a screen. */
import ELK, { type ElkNode } from 'elkjs/lib/elk-api.js';
import workerAddress from 'elkjs/lib/elk-worker.min.js?url';
import type { ChartEdge } from './chart.js';

export const stateSize = { width: 168, height: 70 };
const labelHeight = 20;
const characterWidth = 7.5;

interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly states: ReadonlyMap<string, Point>;
  readonly edges: ReadonlyMap<string, { readonly points: readonly Point[]; readonly label: Point & { width: number } }>;
}

declare global {
  interface Window {
    /** Not everywhere yet, and not among TypeScript's own types. */
    readonly trustedTypes?: {
      createPolicy(
        name: string,
        rules: { createScriptURL: (address: string) => string },
      ): {
        createScriptURL(address: string): URL;
      };
    };
  }
}

/** The page may only make workers of addresses that code of ours vouches for. */
const policy = window.trustedTypes?.createPolicy('signalbox-worker', { createScriptURL: (address) => address });

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.feedbackEdges': 'true',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
  'elk.spacing.nodeNode': '20',
  'elk.spacing.edgeNode': '10',
  'elk.spacing.edgeEdge': '9',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
};

export async function layOut(states: readonly string[], edges: readonly ChartEdge[]): Promise<Layout> {
  const worker = new Worker(policy?.createScriptURL(workerAddress) ?? workerAddress);
  const elk = new ELK({ workerFactory: () => worker });
  try {
    const laidOut = await elk.layout({
      id: 'thread',
      layoutOptions: options,
      children: states.map((id) => ({ id, ...stateSize })),
      edges: edges.map(({ id, from, to, label }) => ({
        id,
        sources: [from],
        targets: [to],
        labels: [{ id: `${id} label`, text: label, width: label.length * characterWidth + 8, height: labelHeight }],
      })),
    });
    return read(laidOut);
  } finally {
    worker.terminate();
  }
}

function read(graph: ElkNode): Layout {
  return {
    width: graph.width ?? 0,
    height: graph.height ?? 0,
    states: new Map(graph.children?.map(({ id, x = 0, y = 0 }) => [id, { x, y }])),
    edges: new Map(
      graph.edges?.map(({ id, sections, labels }) => {
        const [section] = sections ?? [];
        const [label] = labels ?? [];
        return [
          id,
          {
            points: section === undefined ? [] : [section.startPoint, ...(section.bendPoints ?? []), section.endPoint],
            label: { x: label?.x ?? 0, y: label?.y ?? 0, width: label?.width ?? 0 },
          },
        ];
      }),
    ),
  };
}
