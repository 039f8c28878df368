/** A time as the server's API gives it. */
export type Timestamp = { seconds?: unknown; nanos?: number | null } | null | undefined;

/** The same in epoch milliseconds; 0 for none. */
export const timestampMs = (time: Timestamp): number =>
  Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6);
