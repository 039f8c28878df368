import { useRef } from 'preact/hooks';
import type { GraphEdge, GraphNode, Graph as Layout } from '../../contract.js';
import { type Look, stepLook } from '../lib/status.js';
import { StatusMark } from './status-mark.js';

interface GraphProps {
  graph: Layout;
  /** How the steps stand; left out where nothing runs. */
  states?: ReadonlyMap<string, { look: Look; note: string }>;
  selected?: string | null;
  onSelect?: (step: string) => void;
}

/** Steps and what they wait for, from left to right. The arrow keys follow the edges. */
export function Graph({ graph, states, selected = null, onSelect }: GraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const first = graph.nodes[0]?.id ?? null;
  const reachable = graph.nodes.some(({ id }) => id === selected) ? selected : first;

  const focus = (id: string | undefined) => {
    if (id === undefined) return;
    const found = [...(box.current?.querySelectorAll<HTMLElement>('[data-step]') ?? [])].find(
      ({ dataset }) => dataset.step === id,
    );
    found?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, node: GraphNode) => {
    if (event.key === 'Enter' || event.key === ' ') onSelect?.(node.id);
    else if (event.key === 'ArrowRight') focus(graph.edges.find(({ from }) => from === node.id)?.to);
    else if (event.key === 'ArrowLeft') focus(graph.edges.find(({ to }) => to === node.id)?.from);
    else if (event.key === 'ArrowDown') focus(beside(graph.nodes, node, 1));
    else if (event.key === 'ArrowUp') focus(beside(graph.nodes, node, -1));
    else return;
    event.preventDefault();
  };

  return (
    <div class="graph" ref={box}>
      <svg
        width={graph.width}
        height={graph.height}
        viewBox={`0 0 ${graph.width} ${graph.height}`}
        role="group"
        aria-label={`Graph of ${graph.nodes.length} steps`}
      >
        {graph.edges.map((edge) => (
          <Edge
            key={`${edge.from} ${edge.to}`}
            edge={edge}
            near={edge.from === selected || edge.to === selected}
          />
        ))}
        {graph.nodes.map((node) => {
          const state = states?.get(node.id);
          const after = graph.edges.filter(({ to }) => to === node.id).map(({ from }) => from);
          return (
            <g
              key={node.id}
              class={`node ${state?.look.tone ?? 'plain'}${selected === node.id ? ' selected' : ''}`}
              transform={`translate(${node.x} ${node.y})`}
              role="button"
              tabIndex={node.id === reachable ? 0 : -1}
              data-step={node.id}
              aria-pressed={selected === node.id}
              onClick={() => onSelect?.(node.id)}
              onKeyDown={(event) => onKeyDown(event, node)}
            >
              <title>
                {[node.id, state?.look.word, state?.note, after.length > 0 && `after ${after.join(', ')}`]
                  .filter(Boolean)
                  .join(', ')}
              </title>
              <rect class="frame" width={node.w} height={node.h} rx="6" />
              <svg x="8" y={node.h / 2 - 8} width="16" height="16" overflow="visible">
                <StatusMark look={state?.look ?? stepLook('waiting')} />
              </svg>
              <text x="31" y={state?.note ? node.h / 2 - 2 : node.h / 2 + 4}>
                {cut(node.id, node.w - 38)}
              </text>
              {state?.note && (
                <text class="note" x="31" y={node.h / 2 + 12}>
                  {cut(state.note, node.w - 38, 5.6)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function Edge({ edge: { points }, near }: { edge: GraphEdge; near: boolean }) {
  return <path class={`edge${near ? ' near' : ''}`} d={smooth(points)} />;
}

/** Through the points with bends half way, so that edges leave and reach steps level. */
function smooth(points: GraphEdge['points']): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let [x, y] = first;
  let path = `M${x} ${y}`;
  for (const [nextX, nextY] of rest) {
    const middle = (x + nextX) / 2;
    path += `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

/** The next step above or below, in the same column. */
function beside(nodes: readonly GraphNode[], node: GraphNode, direction: 1 | -1): string | undefined {
  const column = nodes.filter(({ x, w }) => x < node.x + node.w && node.x < x + w).sort((a, b) => a.y - b.y);
  return column[column.indexOf(node) + direction]?.id;
}

/** What fits into a width: text in SVG is not cut by itself. */
function cut(text: string, width: number, perCharacter = 6.6): string {
  const most = Math.floor(width / perCharacter);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}
