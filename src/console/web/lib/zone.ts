import { computed } from '@preact/signals';
import { kept } from './kept.js';
import { queryValue, setQuery } from './route.js';

export const ZONES = ['pipeline', 'utc', 'mine'] as const;
/** In whose time everything is shown. */
export type ZoneChoice = (typeof ZONES)[number];

export const ZONE_WORDS: Record<ZoneChoice, string> = { pipeline: "Pipeline's", utc: 'UTC', mine: 'Mine' };

const choice = kept<ZoneChoice>('zone', ZONES, 'pipeline');

/** The choice: that of the link, else the one made last. */
export const zoneChoice = computed<ZoneChoice>(() => {
  const linked = queryValue('tz');
  return ZONES.find((one) => one === linked) ?? choice.value;
});

export function chooseZone(zone: ZoneChoice): void {
  choice.value = zone;
  setQuery({ tz: zone });
}

export const myZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The zone that something of a pipeline is shown in. One without a zone of its own is in UTC, as its dates are. */
export function zoneFor(pipelineZone: string | null | undefined, chosen = zoneChoice.value): string {
  if (chosen === 'mine') return myZone;
  if (chosen === 'utc') return 'UTC';
  return pipelineZone && isZone(pipelineZone) ? pipelineZone : 'UTC';
}

const zones = new Map<string, boolean>();

function isZone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  let there = true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
  } catch {
    there = false;
  }
  zones.set(name, there);
  return there;
}
