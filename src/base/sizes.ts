/** Sizes that a pipeline must keep to. A child costs its parent about 10 events of the 51,200 that a history may have. */
export const SIZES = {
  steps: 1_000,
  /** Of a fan-out; a long one is run in slices, each with a history of its own. */
  items: 10_000,
  /** Of a fan-out that asks people. */
  approvals: 1_000,
  nesting: 5,
  /** Bytes of the definition as JSON; a Temporal payload may have 2 MiB. */
  definitionBytes: 1_048_576,
  templateLength: 10_000,
} as const;
