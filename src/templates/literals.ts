import { type Template, type Token, TypeGuards, toValueSync, Value } from 'liquidjs/dist/liquid.browser.mjs';

/** The numbers in templates as they are written, such as `1.10`; none that stand in quotes or in a name. */
export function* writtenNumbers(templates: readonly Template[]): Generator<string> {
  for (const template of templates) {
    for (const argument of template.arguments?.() ?? []) yield* numbersIn(argument);
    if (template.children) yield* writtenNumbers(toValueSync(template.children(false, true)));
  }
}

function* numbersIn(part: unknown): Generator<string> {
  if (TypeGuards.isNumberToken(part)) yield part.getText();
  else for (const inner of partsOf(part)) yield* numbersIn(inner);
}

/** What an expression is made of. */
function partsOf(part: unknown): Iterable<Token | undefined> {
  if (TypeGuards.isRangeToken(part)) return [part.lhs, part.rhs];
  if (TypeGuards.isPropertyAccessToken(part)) return [part.variable, ...part.props];
  if (!(part instanceof Value || TypeGuards.isFilteredValueToken(part))) return [];
  const args = part.filters.flatMap((filter) => filter.args);
  return [...part.initial.postfix, ...args.map((arg) => (Array.isArray(arg) ? arg[1] : arg))];
}
