/** The registered workflow types: every export becomes one. */
export { hexJanitor } from './hex-janitor.js';
export { hexLimiter } from './hex-limiter.js';
export { hexPipeline } from './hex-pipeline.js';
export { hexRun } from './hex-run.js';
