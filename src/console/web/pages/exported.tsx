import type { ExportedRun } from '../../contract.js';
import { Time } from '../parts/time.js';
import { RunPage } from './run.js';

/** A run in a file: the page of a run without anything to do. */
export function ExportedPage({ exported: { at, version, run } }: { exported: ExportedRun }) {
  const { workflowId, runId, timezone } = run.run;
  return (
    <div class="middle">
      <p class="notice">
        As it was at <Time at={at} zone={timezone} />, exported by temporal-hex {version}.
      </p>
      <RunPage workflowId={workflowId} runId={runId} />
    </div>
  );
}
