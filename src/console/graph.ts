import { Graph as DagreGraph, layout } from '@dagrejs/dagre';
import { levelsOf, type Node } from '../pipeline/definition/graph.js';
import type { StepKind } from '../pipeline/definition/spec.js';
import type { Graph } from './contract.js';

/** A step as far as the picture goes. */
export interface GraphStep extends Node {
  kind: StepKind;
}

const HEIGHT = 44;
const NARROWEST = 120;
const WIDEST = 280;
const CHARACTER = 7.5;
const PADDING = 44;
/** The layout takes seconds for what nobody can read any more; these are laid out by their levels alone. */
const MOST_LAID_OUT = 400;
const MOST_EDGES = 1_500;
const GAP = { column: 56, row: 20 } as const;

const widthOf = (id: string) =>
  Math.min(WIDEST, Math.max(NARROWEST, Math.round(id.length * CHARACTER) + PADDING));

/** Where the steps and the lines between them are drawn, from left to right. The same steps give the same picture. */
export function graphOf(steps: readonly GraphStep[]): Graph {
  const ids = new Set(steps.map(({ id }) => id));
  const edges = steps.flatMap(({ id, dependsOn }) =>
    dependsOn.filter((from) => ids.has(from)).map((from) => ({ from, to: id })),
  );
  if (steps.length > MOST_LAID_OUT || edges.length > MOST_EDGES) return inLevels(steps, edges);
  const graph = new DagreGraph();
  graph.setGraph({ rankdir: 'LR', nodesep: GAP.row, ranksep: GAP.column, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of steps) graph.setNode(id, { width: widthOf(id), height: HEIGHT });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(Math.max(0, width)),
    height: Math.ceil(Math.max(0, height)),
    nodes: steps.map(({ id, kind }) => {
      const {
        x,
        y,
        width: w,
        height: h,
      } = graph.node(id) as { x: number; y: number; width: number; height: number };
      return { id, kind, x: Math.round(x - w / 2), y: Math.round(y - h / 2), w, h };
    }),
    edges: edges.map(({ from, to }) => {
      const { points } = graph.edge(from, to) as { points: { x: number; y: number }[] };
      return {
        from,
        to,
        points: points.map(({ x, y }) => [Math.round(x), Math.round(y)] as [number, number]),
      };
    }),
  };
}

function inLevels(steps: readonly GraphStep[], edges: readonly { from: string; to: string }[]): Graph {
  const column = new Map(levelsOf(steps).flatMap((ids, index) => ids.map((id) => [id, index] as const)));
  const rows: number[] = [];
  const nodes = steps.map(({ id, kind }) => {
    const at = column.get(id) ?? 0;
    const row = rows[at] ?? 0;
    rows[at] = row + 1;
    return {
      id,
      kind,
      x: 8 + at * (WIDEST + GAP.column),
      y: 8 + row * (HEIGHT + GAP.row),
      w: widthOf(id),
      h: HEIGHT,
    };
  });
  const at = new Map(nodes.map((node) => [node.id, node]));
  return {
    width: 16 + rows.length * (WIDEST + GAP.column) - GAP.column,
    height: 16 + Math.max(0, ...rows) * (HEIGHT + GAP.row) - GAP.row,
    nodes,
    edges: edges.flatMap(({ from, to }) => {
      const [a, b] = [at.get(from), at.get(to)];
      if (!a || !b) return [];
      const points: [number, number][] = [
        [a.x + a.w, a.y + a.h / 2],
        [b.x, b.y + b.h / 2],
      ];
      return [{ from, to, points }];
    }),
  };
}
