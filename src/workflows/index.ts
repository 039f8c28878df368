import './untraced-promises.js';
import { hexBackfill } from './hex-backfill.js';
import { hexJanitor } from './hex-janitor.js';
import { hexKeeper } from './hex-keeper.js';
import { hexKey } from './hex-key.js';
import { hexLimiter } from './hex-limiter.js';
import { hexOutage } from './hex-outage.js';
import { hexPipeline } from './hex-pipeline.js';
import { hexRun } from './hex-run.js';
import { hexSensor } from './hex-sensor.js';
import { hexSlice } from './hex-slice.js';
import { noSuchWorkflow } from './no-such-workflow.js';

/** The registered workflow types: every named export becomes one. */
export {
  hexBackfill,
  hexJanitor,
  hexKeeper,
  hexKey,
  hexLimiter,
  hexOutage,
  hexPipeline,
  hexRun,
  hexSensor,
  hexSlice,
};

/**
 * What the SDK runs for any other type. `export * from 'temporal-hex/workflows'` leaves it out, so a worker that
 * registers our workflows beside its own deals with unknown types as before.
 */
export default noSuchWorkflow(
  Object.keys({
    hexRun,
    hexPipeline,
    hexBackfill,
    hexLimiter,
    hexJanitor,
    hexOutage,
    hexKey,
    hexKeeper,
    hexSensor,
    hexSlice,
  }),
);
