import { z } from 'zod';
import { BACKFILL_UNITS } from '../../schedule/index.js';
import {
  type BackfillInput,
  type BackfillSpec,
  MOST_ACTIVE,
  ON_FAILURE,
  ORDERS,
  REPROCESS,
} from './input.js';

/** The list is part of the input, which is in the history. */
const MOST_NAMED = 1_000;
/** It is part of a workflow id, and can be searched for as a whole. */
const MOST_CHARACTERS = 100;

const partitionSchema = () =>
  z
    .string()
    .min(1, { error: 'must be a partition such as 2026-01-31' })
    .max(MOST_CHARACTERS, { error: `must be at most ${MOST_CHARACTERS} characters` })
    .regex(/^[^|]*$/, { error: 'must not contain "|", which stands between a date and a dimension' });

const dimensionsSchema = () =>
  z.record(
    z.string(),
    z
      .array(z.union([partitionSchema(), z.number(), z.boolean()]))
      .min(1, { error: 'must list at least one value' })
      .max(MOST_NAMED, { error: `must list at most ${MOST_NAMED} values` }),
  );

/** The schema of {@link BackfillInput}; its pipeline is read as the input of `hexPipeline` is. */
export const backfillInputSchema = () =>
  z.strictObject({
    pipeline: z.unknown(),
    params: z.unknown().optional(),
    from: partitionSchema().optional(),
    to: partitionSchema().optional(),
    partitions: z
      .array(partitionSchema())
      .min(1, { error: 'must name at least one partition' })
      .max(MOST_NAMED, { error: `must name at most ${MOST_NAMED} partitions: use from and to` })
      .optional(),
    dimensions: dimensionsSchema().optional(),
    every: z.enum(BACKFILL_UNITS).optional(),
    reprocess: z.enum(REPROCESS).optional(),
    reuse: z.boolean().optional(),
    order: z.enum(ORDERS).optional(),
    maxActive: z.int().min(1).max(MOST_ACTIVE).optional(),
    onFailure: z.enum(ON_FAILURE).optional(),
  });

export type BackfillFields = Omit<BackfillInput, 'pipeline' | 'params'>;

/** Fills in the defaults of checked fields. */
export function toBackfillSpec(fields: BackfillFields): BackfillSpec {
  const { from = '', to = '', partitions } = fields;
  return {
    range: partitions ? { partitions } : { from, to },
    dimensions: fields.dimensions ?? {},
    every: fields.every ?? null,
    reprocess: fields.reprocess ?? 'none',
    reuse: fields.reuse ?? false,
    order: fields.order ?? 'oldest',
    maxActive: fields.maxActive ?? 1,
    onFailure: fields.onFailure ?? 'continue',
  };
}
