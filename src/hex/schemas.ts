import { z } from 'zod';
import type { HexRunStatus } from '../run/status.js';

// Liberal in what is accepted: fields that are not known are dropped, those that only inform are null where they are
// missing or of another type. Only what nobody can do without is required.

const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

/** An integer in the older dialect, text in the newer one. */
const projectVersion = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

const milliseconds = z
  .number()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

const id = z.string().min(1);

export const startedRunSchema = z.object({
  runId: id,
  projectId: text,
  runUrl: text,
  runStatusUrl: text,
  projectVersion,
  traceId: text,
});

/** A dry run starts nothing, so its answer need not name a run. */
export const dryRunSchema = startedRunSchema.extend({ runId: z.string().catch('') });

const run = z.object({
  projectId: text,
  runUrl: text,
  projectVersion,
  status: id.transform((value) => value as HexRunStatus),
  runTrigger: text,
  startTime: text,
  endTime: text,
  elapsedTime: milliseconds,
  traceId: text,
});

export const runSchema = run.extend({ runId: text });

export const runListSchema = z.object({
  runs: z.array(run.extend({ runId: id })),
  /** A URL, null on the last page, or missing. Never followed: it could point anywhere. */
  nextPage: z.string().nullish().catch(undefined),
  traceId: text,
});

export type WireRun = z.infer<typeof runSchema>;

const project = z
  .object({
    id: z.string().optional(),
    projectId: z.string().optional(),
    title: text,
    name: text,
    type: text,
    status: z
      .union([z.string(), z.object({ name: z.string() }).transform((status) => status.name)])
      .nullish()
      .catch(null)
      .transform((value) => value ?? null),
    lastPublishedAt: z.string().nullish().catch(undefined),
  })
  .transform(({ id, projectId, title, name, lastPublishedAt, ...rest }, context) => {
    const found = id ?? projectId;
    if (found === undefined) context.addIssue('a project without id');
    return {
      id: found ?? '',
      title: title ?? name ?? '',
      ...rest,
      lastPublishedAt: lastPublishedAt ?? null,
      // The older list does not say; what it lists has been there to be run.
      published: lastPublishedAt !== null,
    };
  });

export const projectSchema = project;

/** A page, or the bare array that older scripts expect, which is everything there is. */
export const projectListSchema = z.union([
  z.object({
    values: z.array(project),
    pagination: z
      .object({ after: z.string().nullish().catch(null) })
      .nullish()
      .catch(null),
  }),
  z.array(project).transform((values) => ({ values, pagination: null })),
]);

/** Workspace tokens have no person, so all but the organisation may be missing. */
export const identitySchema = z.object({
  id: text,
  name: text,
  email: text,
  role: text,
  org: z.object({ id: text }).nullish().catch(null),
  token: z
    .object({ exp: z.union([z.string(), z.number()]).nullish().catch(null) })
    .nullish()
    .catch(null),
});
