import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { emptyFolder } from '../support/cli.js';
import type { DashboardJson } from '../support/grafana-dashboard.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, 'deploy', path), 'utf8');
const json = read('grafana/temporal-hex.json');
const dashboard = JSON.parse(json) as DashboardJson;

/** What TypeScript finds wrong with a dashboard, by the types that Grafana publishes. */
function wrongIn(text: string): string {
  const folder = emptyFolder();
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const types = JSON.stringify(join(ROOT, 'test/support/grafana-dashboard.ts'));
  writeFileSync(
    join(folder, 'dashboard.ts'),
    `import type { DashboardJson } from ${types};\nexport const dashboard: DashboardJson = ${text};\n`,
  );
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['dashboard.ts'] }));
  return spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' }).stdout;
}

it('the dashboard has only fields and values that Grafana knows', () => {
  expect(wrongIn(json)).toBe('');
  expect(wrongIn(json.replace('"legendFormat"', '"legendFormt"'))).toContain('\'"legendFormt"\'');
  expect(wrongIn(json.replace('"displayMode": "list"', '"displayMode": "lst"'))).toContain('"lst"');
});

it('its panels lie beside each other, in 24 columns, with ids of their own', () => {
  const at = dashboard.panels.map(({ gridPos: { x = 0, y = 0, w = 0, h = 0 } = {} }) => ({ x, y, w, h }));
  for (const { x, w, h } of at) {
    expect(x + w).toBeLessThanOrEqual(24);
    expect(Math.min(w, h)).toBeGreaterThan(0);
  }
  const overlapping = at.flatMap((a, index) =>
    at
      .slice(index + 1)
      .filter((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h),
  );
  expect(overlapping).toEqual([]);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

/** Whether it is PromQL; Grafana fills in its variables. */
function isPromQl(query: string): boolean {
  let ok = true;
  parser.parse(query.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, 'x')).iterate({
    enter: ({ type }) => {
      ok &&= !type.isError;
    },
  });
  return ok;
}

it('every query of the dashboard and every alert rule is PromQL', () => {
  const queries = dashboard.panels.flatMap((panel) =>
    'targets' in panel ? panel.targets.map(({ expr = '' }) => expr) : [],
  );
  const { groups } = parse(read('prometheus/alerts.yaml')) as { groups: { rules: { expr: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules.map(({ expr }) => expr));
  expect(queries.length).toBeGreaterThan(20);
  expect(rules.length).toBeGreaterThan(5);
  expect([...queries, ...rules].filter((query) => !isPromQl(query))).toEqual([]);
  expect(isPromQl('sum(by (x) rate(a[5m]))')).toBe(false);
});
