/** A pipeline could not be tested to its end; how it ends by itself is never thrown. The message says what to add. */
export class TestPipelineError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'TestPipelineError';
}
