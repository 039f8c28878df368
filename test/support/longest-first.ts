import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Small files that take long: vitest starts large files first, and one of these at the end would make it long. Those that
 * mostly wait stand among those that mostly work.
 */
const LONGEST = [
  'console/pages-show-what-runs',
  'schedule/keeper-survives-a-killed-worker',
  'package/examples-run',
  'guarantees/janitor-finds-strays',
  'guarantees/limits-hold-against-hex',
  'guarantees/survives-crashes',
  'cli/progress-names-the-queue',
  'cli/demo-shows-it-and-leaves-nothing',
  'schedule/missed-starts-are-told',
  'package/works-when-packed',
  'guarantees/limiter-gives-permits',
  'sensor/every-ending-once',
  'pipeline/controls',
  'pipeline/steps',
  'guarantees/business-key',
  'pipeline/wait-for',
  'package/proxies-of-company-networks',
  'guarantees/two-builds-side-by-side',
  'guarantees/children-nobody-takes-up',
  'pipeline/steps-say-why-they-wait',
  'operations/traces-go-through-restarts',
  'temporal-server/dev',
  'testing/pipelines-are-tested',
  'guarantees/nothing-in-clear',
  'temporal-server/interrupted-build-leaves-nothing',
  'backfill/every-date-once',
  'console/reads-lists-once-a-second',
  'cli/lists-pipelines',
  'schedule/schedules-fire',
  'operations/metrics-after-a-scripted-day',
  'cli/temporal-connection-says-what-is-wrong',
  'cli/dev-limits-the-sandbox-when-asked',
  'cli/console-is-served',
  'operations/log-tells-each-event',
  'guarantees/worker-starts-and-stops',
  'package/readme-commands-work',
  'operations/health-tells-when-it-can-work',
  'backfill/keeps-its-promises',
  'schedule/keeper-tells-of-another-queue',
  'package/docs-stuck-is-true',
];

/** Starts the files that take longest first, and the others in vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
