import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files that take long: vitest starts large files first, and one of these at the end would make it long. */
const LONGEST = [
  'chaos/small-slice',
  'console/pages-show-what-runs',
  'pipeline/five-hundred',
  'schedule/keeper-survives-a-killed-worker',
  'schedule/keeper-looks-back-after-an-outage',
  'guarantees/survives-crashes',
  'cli/demo-shows-it-and-leaves-nothing',
  'cli/exit-codes-tell',
  'package/docs-stuck-is-true',
  'package/examples-run',
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
