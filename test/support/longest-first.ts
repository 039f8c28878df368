import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Small files that take long: vitest starts large files first, and one of these at the end would make it long. Those that
 * mostly wait stand among those that mostly work.
 */
const LONGEST = [
  'console/pages-show-what-runs',
  'schedule/keeper-looks-back-after-an-outage',
  'cli/progress-names-the-queue',
  'guarantees/survives-crashes',
  'schedule/keeper-survives-a-killed-worker',
  'package/examples-run',
  'schedule/missed-starts-are-told',
  'chaos/small-slice',
  'guarantees/limits-hold-against-hex',
  'schedule/schedules-fire',
  'guarantees/limiter-gives-permits',
  'sensor/every-ending-once',
  'package/docs-stuck-is-true',
  'guarantees/janitor-finds-strays',
  'testing/pipelines-are-tested',
  'operations/traces-go-through-restarts',
  'schedule/files-become-schedules',
  'guarantees/nothing-in-clear',
  'cli/temporal-connection-says-what-is-wrong',
  'cli/demo-shows-it-and-leaves-nothing',
  'notifications/hex-out-of-reach',
  'package/readme-commands-work',
  'cli/dev-limits-the-sandbox-when-asked',
  'temporal-server/interrupted-build-leaves-nothing',
  'guarantees/two-builds-side-by-side',
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
