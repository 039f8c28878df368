import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { JsonValue } from '../../src/base/json.js';
import { TRIGGER_RULES } from '../../src/pipeline/definition/trigger-rules.js';
import { planRaw } from '../support/plan.js';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const page = read('docs/pipelines.md');
/** The section `schedule` has a page of its own. */
const schedules = read('docs/schedules.md');
const blocks = ['docs/pipelines.md', 'docs/schedules.md', 'README.md'].flatMap((file) =>
  [...read(file).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => [file, yaml] as const),
);

it.each(blocks)('a pipeline in %s is sound: %s', (_file, yaml) => {
  const planned = planRaw(parse(yaml));
  expect(planned).toMatchObject({ ok: true });
});

it('the page names every field, every trigger rule and every choice', () => {
  const names = new Set<string>(TRIGGER_RULES);
  collect(JSON.parse(read('schema/pipeline.schema.json')) as JsonValue, names);
  expect(names.size).toBeGreaterThan(80);
  const missing = [...names].filter((name) => !page.includes(name) && !schedules.includes(name));
  expect(missing).toEqual([]);
});

/** The names of all properties but those of Hex's own notifications, and all values to choose from. */
function collect(schema: JsonValue, into: Set<string>): void {
  if (Array.isArray(schema)) {
    for (const one of schema) collect(one, into);
  } else if (typeof schema === 'object' && schema !== null) {
    const { properties, enum: choices, ...rest } = schema as Record<string, JsonValue>;
    for (const choice of (choices as JsonValue[] | undefined) ?? []) into.add(String(choice));
    for (const [name, value] of Object.entries((properties as Record<string, JsonValue> | undefined) ?? {})) {
      into.add(name);
      if (name !== 'notifications') collect(value, into);
    }
    collect(Object.values(rest), into);
  }
}
