/** The test kit: runs pipelines against a Hex on this machine, and replays their histories. */

export type { Decision, DecisionAction } from './testing/decisions.js';
export { TestPipelineError } from './testing/errors.js';
export { type ReplayOptions, replayHistory, saveHistory } from './testing/history.js';
export type { HttpStub, StubbedAnswer, StubbedRequest } from './testing/http-stub.js';
export {
  closeTestKit,
  startTestKit,
  type TestKit,
  type TestKitOptions,
  testPipeline,
} from './testing/kit.js';
export type { WorkflowStub } from './testing/stub-worker.js';
export type { TestedPipeline, TestFailure, TestPipelineOptions } from './testing/test-pipeline.js';
