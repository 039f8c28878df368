import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, normalize } from 'node:path';
import type { Problem } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import type { ScheduleSource } from '../../client/schedules/index.js';
import { PROJECTS_FILE } from '../../documents/projects-beside.js';
import { parsePipelineInput } from '../../pipeline/boundary.js';
import { planPipeline } from '../../pipeline/preview/plan-summary.js';
import { isTemplate } from '../../templates/engine.js';
import { CliError, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { readUncheckedPipeline } from './pipeline-file.js';

const PIPELINE_FILE = /\.(ya?ml|json)$/;

export interface ScheduleFiles {
  sources: ScheduleSource[];
  /** The folders among the arguments. */
  folders: string[];
}

/** Pipelines that are named in the files, at any depth, and that none of them is. */
export function unresolvedNames(sources: readonly ScheduleSource[]): Problem[] {
  const known = sources.map(({ file }) => basename(file, extname(file)));
  const unknown = (name: string, path: string): Problem[] => {
    if (isTemplate(name) || known.includes(name)) return [];
    return [{ path, message: `there is no pipeline "${name}" in the folder${didYouMean(name, known)}` }];
  };
  const inside = (input: unknown, path: string): Problem[] => {
    const parsed = parsePipelineInput(input);
    if (!parsed.ok) return [];
    const { load, spec } = parsed.value;
    if (load !== null) return unknown(load, `${path}pipeline`);
    return (spec?.steps ?? []).flatMap(({ id, body: { pipeline } }) => {
      const at = `${path}steps.${id}.pipeline`;
      if (typeof pipeline === 'string') return unknown(pipeline, at);
      return pipeline ? inside(pipeline, `${at}.`) : [];
    });
  };
  return sources.flatMap(({ file, input }) => inside(input, `${file}: `));
}

/**
 * What is wrong with files that nothing starts by itself, as far as it can be known without their caller: a file that another one runs
 * may use the partition of that one, and one with a required parameter is planned only where it is run.
 */
export function planProblems(sources: readonly ScheduleSource[]): Problem[] {
  const now = new Date().toISOString();
  return sources.flatMap(({ file, input }) => {
    const parsed = parsePipelineInput(input);
    if (!parsed.ok) return parsed.problems.map(({ path, message }) => ({ path: at(file, path), message }));
    const { spec, params } = parsed.value;
    if (!spec || spec.schedule) return [];
    const isComplete = Object.entries(spec.params).every(
      ([name, { default: value }]) => value !== undefined || name in params,
    );
    if (!isComplete) return [];
    const known = { partition: now.slice(0, 10), interval: { start: now, end: now } };
    const planned = planPipeline({ ...parsed.value, ...known }, { scheduledTime: now });
    return planned.ok ? [] : planned.problems.map(({ path, message }) => ({ path: at(file, path), message }));
  });
}

const at = (file: string, path: string) => (path ? `${file}: ${path}` : file);

/** Reads pipeline files, and all those in folders (not in folders inside of them); every problem at once. */
export async function readScheduleFiles(paths: readonly string[]): Promise<ScheduleFiles> {
  const folders: string[] = [];
  const files: string[] = [];
  for (const path of paths.map((one) => normalize(one).replace(/(?<=.)[/\\]$/, ''))) {
    const found = await stat(path).catch(() => null);
    if (!found) throw new UsageError('The files', [{ path, message: 'there is no such file or folder' }]);
    if (!found.isDirectory()) files.push(path);
    else {
      folders.push(path.replaceAll('\\', '/'));
      const names = (await readdir(path, { withFileTypes: true }))
        .filter(
          (entry) => !entry.isDirectory() && PIPELINE_FILE.test(entry.name) && entry.name !== PROJECTS_FILE,
        )
        .map((entry) => entry.name);
      files.push(...names.sort().map((name) => join(path, name)));
    }
  }
  const sources: ScheduleSource[] = [];
  const wrong: string[] = [];
  for (const file of new Set(files)) {
    try {
      sources.push({ file, input: await readUncheckedPipeline(file) });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      wrong.push(error.message);
    }
  }
  if (wrong.length > 0) throw new CliError(wrong.join('\n'), EXIT.badInput);
  return { sources, folders };
}
