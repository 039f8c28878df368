/** The page of a run in Hex. */
export function HexLink({ runId, runUrl }: { runId: string | null; runUrl: string | null }) {
  if (runId === null) return null;
  const address = webAddress(runUrl);
  if (address === null) return <code title={runId}>{runId.slice(0, 8)}</code>;
  return (
    <a href={address} target="_blank" rel="noreferrer" title={`Run ${runId} in Hex`}>
      Hex <code>{runId.slice(0, 8)}</code>
    </a>
  );
}

/** The page of a workflow in Temporal's UI, in a list of facts; nothing where there is none. */
export function TemporalFact({ url }: { url: string | null | undefined }) {
  const address = webAddress(url);
  if (address === null) return null;
  return (
    <>
      <dt>Temporal</dt>
      <dd>
        <a href={address} target="_blank" rel="noreferrer">
          Events
        </a>
      </dd>
    </>
  );
}

/** An address that a browser may go to: what others say is an address could be a script. */
export function webAddress(text: string | null | undefined): string | null {
  return text && /^https?:\/\//i.test(text) ? text : null;
}
