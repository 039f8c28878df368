import { partitionWorkflowId } from '../../contract/ids.js';
import {
  backfillParams,
  backfillPartitions,
  intervalOfPartition,
  type Partition,
} from '../../pipeline/backfill/range.js';
import { parseBackfillInput, parsePipelineInput } from '../../pipeline/boundary.js';
import type { HexPipelineInput, PipelineRunInput } from '../../pipeline/definition/definition.js';
import { planPipeline } from '../../pipeline/preview/plan-summary.js';
import type { ActionRequest } from '../contract.js';
import { ConsoleError, notFound } from '../refusal.js';
import type { Act, Doing } from './act.js';

type Of<Action> = Extract<ActionRequest, { action: Action }>;

/** Starts a pipeline, with parameters, or about one partition. */
export function startAct({ parts, hex }: Doing, { pipeline, params = {}, partition }: Of<'start'>): Act {
  const prepare = async (): Promise<{ input: HexPipelineInput; workflowId?: string }> => {
    await Promise.all([parts.book.open(), parts.schedules.open(500)]);
    const known = await parts.definitions.of(pipeline);
    if (!known || known.load !== null) {
      if (
        !known &&
        parts.book.whole &&
        parts.book.runsOf(pipeline).length === 0 &&
        parts.schedules.of(pipeline) === null
      )
        throw notFound(`There is no pipeline "${pipeline}"`);
      const common = { pipeline: known?.load ?? pipeline, params, trigger: 'manual' as const };
      return { input: partition === undefined ? common : { ...common, partition } };
    }
    const definition = known.definition as unknown as PipelineRunInput['pipeline'];
    const given = { ...backfillParams(known.spec, known.params), ...params };
    const input: PipelineRunInput = { pipeline: definition, params: given, trigger: 'manual' };
    if (partition === undefined) return { input };
    const one = partitionIn(definition, partition);
    const interval = intervalOfPartition(one);
    return {
      workflowId: partitionWorkflowId(pipeline, one),
      input: {
        ...input,
        partition,
        ...(one.scheduledTime !== null && { scheduledTime: one.scheduledTime }),
        ...(interval && { interval }),
      },
    };
  };
  return {
    async preview() {
      const { input } = await prepare();
      const parsed = parsePipelineInput(input);
      if (!parsed.ok)
        throw new ConsoleError('bad-input', 'The pipeline cannot be started', { problems: parsed.problems });
      const planned = parsed.value.spec
        ? planPipeline(parsed.value, { scheduledTime: new Date().toISOString() })
        : null;
      if (planned && !planned.ok)
        throw new ConsoleError('bad-input', 'The pipeline cannot be started', { problems: planned.problems });
      const starts = planned?.value.calls.starts;
      return {
        title: `Start ${pipeline}${partition === undefined ? '' : ` for ${partition}`}`,
        happens: [
          starts === undefined
            ? 'The worker looks the definition up by its name, and starts the runs in Hex that it asks for.'
            : `About ${starts} run${starts === 1 ? ' is' : 's are'} started in Hex, in the order of its steps and as its limits allow.`,
        ],
        button: 'Start',
      };
    },
    async perform() {
      const { input, workflowId } = await prepare();
      const handle = await hex.startPipeline(input, workflowId === undefined ? {} : { workflowId });
      const started = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      return { done: `${handle.workflowId} has been started.`, started };
    },
  };
}

function partitionIn(pipeline: PipelineRunInput['pipeline'], partition: string): Partition {
  const parsed = parseBackfillInput({ pipeline, partitions: [partition] });
  const list =
    parsed.ok && parsed.value.request.spec
      ? backfillPartitions(parsed.value.spec, parsed.value.request.spec, Date.now())
      : parsed;
  if (!list.ok)
    throw new ConsoleError('bad-input', 'The partition cannot be used', {
      problems: list.problems.map(({ message }) => ({ path: 'partition', message })),
    });
  const one = 'at' in list.value ? list.value.at(0) : undefined;
  if (!one) throw new ConsoleError('bad-input', `There is no partition "${partition}"`);
  return one;
}

/** Pauses, resumes or triggers a schedule. */
export function scheduleAct(
  { parts, hex, by }: Doing,
  { action, schedule, reason }: Of<'schedulePause' | 'scheduleResume' | 'scheduleTrigger'>,
): Act {
  const note = `${action === 'schedulePause' ? 'Paused' : 'Resumed'} by ${by} in the console${reason ? `: ${reason}` : ''}`;
  return {
    async preview() {
      const described = await hex.temporal.schedule.getHandle(schedule).describe();
      const { paused } = described.state;
      const [going] = described.info.runningActions;
      if (action === 'schedulePause')
        return {
          title: `Pause schedule ${schedule}`,
          happens: [
            'It starts nothing until it is resumed, so nothing new is started in Hex.',
            'What it has started goes on, in Hex too.',
          ],
          button: 'Pause',
          refusal: paused ? 'It is paused already.' : null,
        };
      if (action === 'scheduleResume')
        return {
          title: `Resume schedule ${schedule}`,
          happens: [
            'It starts pipelines again at its times, and with them runs in Hex.',
            'Starts that were missed meanwhile are not made up for: a backfill does that.',
          ],
          button: 'Resume',
          refusal: paused ? null : 'It is not paused.',
        };
      const skips = (described.policies.overlap ?? 'SKIP') === 'SKIP';
      return {
        title: `Trigger schedule ${schedule}`,
        happens: ['One run of the newest partition starts now, and with it its runs in Hex.'],
        button: 'Trigger',
        refusal:
          skips && going
            ? `${going.workflow.workflowId} is going on, and "overlap: skip" leaves out what meets it.`
            : null,
      };
    },
    async perform() {
      try {
        if (action === 'schedulePause') await hex.schedules.pause(schedule, note);
        else if (action === 'scheduleResume') await hex.schedules.resume(schedule, note);
        else await hex.schedules.trigger(schedule);
      } finally {
        await parts.schedules.changed(schedule);
      }
      const verb = {
        schedulePause: 'is paused',
        scheduleResume: 'is resumed',
        scheduleTrigger: 'has been triggered',
      }[action];
      return { done: `Schedule ${schedule} ${verb}.` };
    },
  };
}
