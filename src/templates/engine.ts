/**
 * Liquid templates over JSON values, without a clock, files, loops or code. Lives behind boundary.ts: the engine is
 * made once for all workflows, and exported as functions only.
 */
import { Drop, Liquid, Output, type Template } from 'liquidjs/dist/liquid.browser.mjs';
import type { JsonValue } from '../base/json.js';
import { SIZES } from '../base/sizes.js';
import { dateAddFilter, dateFilter, KEPT_FILTERS } from './filters.js';
import { writtenNumbers } from './literals.js';

/** Tags that are kept: conditions and text; no loops, so that rendering takes time in proportion to the text. */
const KEPT_TAGS = new Set(['if', 'unless', 'case', 'assign', 'comment', 'raw']);

const WHOLE = /^\{\{-?([\s\S]*?)-?\}\}$/;

const engine = createEngine();

function createEngine(): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // Nothing here depends on it; asking the machine for its own takes 13 ms of the start of each process.
    locale: 'en-US',
    lenientIf: true,
    dynamicPartials: false,
    parseLimit: SIZES.templateLength,
    // Counted in characters and elements, not in time, so that it is deterministic.
    memoryLimit: 5_000_000,
    templates: {},
    outputEscape: (value: unknown) =>
      typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value),
  });
  for (const name of Object.keys(liquid.tags)) {
    if (!KEPT_TAGS.has(name)) delete liquid.tags[name];
  }
  for (const name of Object.keys(liquid.filters)) {
    if (!KEPT_FILTERS.includes(name)) liquid.unregisterFilter(name);
  }
  liquid.registerFilter('date', dateFilter);
  liquid.registerFilter('date_add', dateAddFilter);
  return liquid;
}

/** A variable of a template as its path: `["steps", "extract", "runId"]`; `null` stands for a part known only later. */
export type VariablePath = (string | number | null)[];

/** Whether the text has any template in it. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** What the text refers to, and the numbers in it as they are written; or why it is no template. */
export function contentsOf(
  text: string,
): { variables: VariablePath[]; numbers: string[] } | { error: string } {
  try {
    const templates = parse(text);
    const variables: VariablePath[] = [];
    for (const segments of engine.globalVariableSegmentsSync(templates)) collect(segments, variables);
    return { variables, numbers: [...writtenNumbers(templates)] };
  } catch (error) {
    return { error: reason(error) };
  }
}

/** The text with its templates filled in. A text that is one `{{ expression }}` gives the value itself, with its type. */
export function renderText(text: string, scope: object): { value: JsonValue } | { error: string } {
  try {
    const templates = parse(text);
    const [only] = templates;
    const whole = templates.length === 1 && only instanceof Output && text.trim() === text;
    const expression = whole ? WHOLE.exec(text)?.[1] : undefined;
    const value: unknown =
      expression === undefined
        ? engine.renderSync(templates, scope)
        : engine.evalValueSync(expression, scope);
    return { value: asJson(value) };
  } catch (error) {
    return { error: reason(error) };
  }
}

function parse(text: string): Template[] {
  if (text.length > SIZES.templateLength)
    throw new Error(`the text is longer than ${SIZES.templateLength} characters`);
  return engine.parse(text);
}

type Segments = (string | number | Segments)[];

function collect(segments: Segments, into: VariablePath[]): void {
  into.push(segments.map((segment) => (Array.isArray(segment) ? null : segment)));
  for (const segment of segments) {
    if (Array.isArray(segment)) collect(segment, into);
  }
}

/** Liquid's own values (nil, empty) as JSON. */
function asJson(given: unknown): JsonValue {
  const value: unknown = given instanceof Drop ? given.valueOf() : given;
  return value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue);
}

/** Liquid's message without its position and its copy of the template. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? message).replace(/, line:\d+, col:\d+$/, '');
}
