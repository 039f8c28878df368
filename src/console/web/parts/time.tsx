import { formatDuration } from '../../../base/duration.js';
import type { ExpectedEnd } from '../../../run/expected-end.js';
import { now, nowCoarse, nowHour } from '../lib/clock.js';
import { distance, fullTime, shortTime } from '../lib/time.js';
import { zoneFor } from '../lib/zone.js';

interface Instant {
  /** ISO 8601, or ms since 1970. Nothing is shown for null. */
  at: string | number | null | undefined;
  /** The pipeline's. */
  zone?: string | null | undefined;
}

/** An instant in the chosen zone; all of it, with UTC, when it is pointed at. */
export function Time({ at, zone }: Instant) {
  const ms = msOf(at);
  if (ms === null) return null;
  const shown = zoneFor(zone);
  return (
    <time dateTime={new Date(ms).toISOString()} title={fullTime(ms, shown)}>
      {shortTime(ms, shown, nowHour.value)}
    </time>
  );
}

/** How long ago, or how soon. */
export function Ago({ at, zone }: Instant) {
  const ms = msOf(at);
  if (ms === null) return null;
  return (
    <time dateTime={new Date(ms).toISOString()} title={fullTime(ms, zoneFor(zone))}>
      {distance(ms, nowCoarse.value)}
    </time>
  );
}

/** From a start to an end; up to now where there is none yet. */
export function Elapsed({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  const start = msOf(from);
  if (start === null) return null;
  const end = msOf(to);
  const ms = Math.max(0, (end ?? now.value) - start);
  // While it runs, tenths would only flicker.
  return (
    <span class="figure">
      {formatDuration(end === null && ms >= 1_000 ? Math.round(ms / 1_000) * 1_000 : ms)}
    </span>
  );
}

/** When something is expected to end; a time that has gone by is now. */
export function Expected({
  end,
  zone,
}: {
  end: ExpectedEnd | null | undefined;
  zone?: string | null | undefined;
}) {
  if (!end) return null;
  const about = Math.max(Date.parse(end.p50), nowCoarse.value);
  return (
    <span title="By how long earlier ones took: half of them would have ended by the first time, nine of ten by the second">
      expected to end about <Time at={about} zone={zone} />, by{' '}
      <Time at={Math.max(Date.parse(end.p90), about)} zone={zone} />
    </span>
  );
}

export function Duration({ ms }: { ms: number | null | undefined }) {
  return ms === null || ms === undefined ? null : <span class="figure">{formatDuration(ms)}</span>;
}

export function msOf(at: string | number | null | undefined): number | null {
  if (at === null || at === undefined) return null;
  const ms = typeof at === 'number' ? at : Date.parse(at);
  return Number.isNaN(ms) ? null : ms;
}
