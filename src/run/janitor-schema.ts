import { z } from 'zod';
import { durationOr } from '../base/duration.js';
import type { JanitorInput, JanitorSpec } from './janitor-input.js';
import { connectionSchema, durationSchema, idSchema } from './schema.js';

/** The schema of {@link JanitorInput}. */
export const janitorInputSchema = (): z.ZodType<JanitorInput> =>
  z.strictObject({
    connection: connectionSchema().optional(),
    look: z.enum(['full', 'quick']).optional(),
    projects: z.array(idSchema('the id of a Hex project')).optional(),
    mode: z.enum(['report', 'cancel']).optional(),
    roundInterval: durationSchema().optional(),
    lookback: durationSchema().optional(),
  });

/** Fills in the defaults of a checked input. */
export function toJanitorSpec(input: JanitorInput): JanitorSpec {
  return {
    connection: input.connection ?? 'default',
    look: input.look ?? 'full',
    projects: input.projects ?? null,
    mode: input.mode ?? 'report',
    roundIntervalMs: durationOr(input.roundInterval, 60_000),
    lookbackMs: durationOr(input.lookback, null),
  };
}
