import type { DefinitionAnswer } from '../../../contract.js';
import { useAnswer } from '../../lib/answers.js';
import { Graph } from '../../parts/graph.js';
import { Json } from '../../parts/json.js';
import { Empty, Loaded } from '../../parts/page.js';

/** What a pipeline is: its graph, and its definition with the file that it came from. */
export function DefinitionTab({ name }: { name: string }) {
  return (
    <Loaded of={useAnswer('/api/pipeline/definition', { name })}>
      {(answer) => <Definition answer={answer} />}
    </Loaded>
  );
}

function Definition({ answer: { definition, from, file, sha256, graph } }: { answer: DefinitionAnswer }) {
  if (definition === null)
    return (
      <Empty title="Nothing has the definition any more.">
        It is taken from the schedule or the newest run. Start it once, or apply its schedule, and it is here.
      </Empty>
    );
  return (
    <>
      <dl class="facts wide">
        <dt>File</dt>
        <dd>{file ?? <span class="dim">not known: it was started with the definition itself</span>}</dd>
        {sha256 && (
          <>
            <dt>SHA-256</dt>
            <dd>
              <code>{sha256}</code>
            </dd>
          </>
        )}
        <dt>From</dt>
        <dd>{from === 'schedule' ? 'its schedule in Temporal' : 'its newest run'}</dd>
      </dl>
      {graph && <Graph graph={graph} />}
      <Json value={definition} />
    </>
  );
}
