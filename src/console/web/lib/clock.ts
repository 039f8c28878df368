import { computed, type Signal, signal } from '@preact/signals';

const TICK_MS = 1_000;

/** The clock of the server: that of the browser may be wrong. */
let aheadMs = 0;

/** Now, by the server's clock; ticks once a second while the page is seen. */
export const now: Signal<number> = signal(Date.now());

/** Now to ten seconds, and to an hour: whatever shows no seconds is not drawn anew each second. */
export const nowCoarse = computed(() => Math.floor(now.value / 10_000) * 10_000);
export const nowHour = computed(() => Math.floor(now.value / 3_600_000) * 3_600_000);

/** What the server says the time is. */
export function setServerTime(ms: number): void {
  const ahead = ms - Date.now();
  // A slow answer says little: small differences are the network's.
  if (Math.abs(ahead - aheadMs) > 2_000) aheadMs = ahead;
  tick();
}

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) tick();
  }, TICK_MS);
  document.addEventListener('visibilitychange', tick);
}

function tick(): void {
  now.value = Date.now() + aheadMs;
}
