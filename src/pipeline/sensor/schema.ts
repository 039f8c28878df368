import { z } from 'zod';
import { durationOr } from '../../base/duration.js';
import { connectionSchema, durationSchema, idSchema } from '../../run/schema.js';
import { WAIT_STATUSES } from '../definition/wait-schema.js';
import { SENSOR_MODES, type SensorDefinition, type SensorSpec } from './definition.js';

/** What is known of each project is carried along. */
const MOST_PROJECTS = 20;
/** A pause in the milliseconds would be an attack. */
const SHORTEST_PAUSE_MS = 100;
const EVERY_MS = 60_000;

const projectSchema = () => idSchema('the id of a Hex project');

/** The section `on`. */
export const sensorSchema = () =>
  z.strictObject({
    projects: z.union([projectSchema(), z.array(projectSchema()).min(1).max(MOST_PROJECTS)], {
      error: `must be the id of a Hex project, or a list of 1 to ${MOST_PROJECTS}`,
    }),
    status: z.enum(WAIT_STATUSES, { error: `must be one of ${WAIT_STATUSES.join(', ')}` }).optional(),
    mode: z.enum(SENSOR_MODES, { error: `must be one of ${SENSOR_MODES.join(', ')}` }).optional(),
    params: z
      .record(z.string(), z.json(), { error: 'must be an object: parameter name to value' })
      .optional(),
    connection: connectionSchema().optional(),
    every: durationSchema(SHORTEST_PAUSE_MS).optional(),
  });

/** Fills in the defaults of a checked section. */
export function toSensorSpec(on: SensorDefinition): SensorSpec {
  return {
    projects: [...new Set([on.projects].flat())],
    status: on.status ?? 'completed',
    mode: on.mode ?? 'each',
    params: on.params ?? {},
    connection: on.connection ?? 'default',
    everyMs: durationOr(on.every, EVERY_MS),
  };
}
