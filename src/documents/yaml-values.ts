import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap } from 'yaml';
import { inexactNumber } from '../base/written-number.js';
import type { Note } from './place.js';

/** Tags that say no more than their values do. */
const KNOWN_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;
const MERGE_KEY = '<<';

type Path = readonly (string | number)[];

/**
 * Walks through all that a document holds, notes what would not be sent as it is written, and counts characters and values with
 * all aliases filled in. Without filling them in: ten lines of YAML can stand for more than a machine can hold.
 */
export function sizeOfYaml(root: Node, text: string, note: Note): number {
  /** By anchor: what it stands for and its size, which is null while that is being read. */
  const anchors = new Map<string, { node: Node; size: number | null }>();

  const sizeOf = (node: Node | null, path: Path): number => {
    if (node === null) return 1;
    const start = node.range?.[0] ?? 0;
    if (isAlias(node)) return aliasSize(node.source, start, path);
    const { tag, anchor } = node as { tag?: string; anchor?: string };
    if (tag && !KNOWN_TAGS.test(tag))
      note(start, `has the tag ${tag}, which is not known here: leave it out`, path);
    if (anchor) anchors.set(anchor, { node, size: null });
    const size = collectionOrScalar(node, start, path);
    if (anchor) anchors.set(anchor, { node, size });
    return size;
  };

  const collectionOrScalar = (node: Node, start: number, path: Path): number => {
    if (isSeq(node))
      return node.items.reduce<number>((sum, item, index) => sum + sizeOf(item as Node, [...path, index]), 1);
    if (isMap(node)) return isTemplate(node) ? template(start, path) : mapSize(node, start, path);
    if (!isScalar(node)) return 1;
    const { value, source = '' } = node;
    const wrong = typeof value === 'number' ? inexactNumber(source, value) : null;
    if (wrong) note(start, wrong, path);
    return 1 + source.length;
  };

  const aliasSize = (name: string, start: number, path: Path): number => {
    const known = anchors.get(name);
    if (!known)
      note(
        start,
        `there is no anchor &${name} before *${name}; text that begins with * must stand in quotes`,
        path,
      );
    else if (known.size === null) note(start, `*${name} is a part of &${name} itself`, path);
    return known?.size ?? 1;
  };

  /** `{{ x }}` and `{% x %}` without quotes are maps in YAML. */
  const isTemplate = ({ range }: YAMLMap): boolean => {
    const start = range?.[0] ?? 0;
    return /^\{[{%]/.test(text.slice(start, start + 2));
  };

  const template = (start: number, path: Path): number => {
    const end = /^[^\n]*?[%}]\}/.exec(text.slice(start))?.[0] ?? '{{ ... }}';
    note(start, `a template must stand in quotes: ${JSON.stringify(end).replaceAll('\\"', "'")}`, path);
    return 1;
  };

  const mapSize = (node: YAMLMap, start: number, path: Path): number => {
    const seen = new Set<string>();
    return (node.items as Pair<Node, Node | null>[]).reduce((sum, { key, value }) => {
      const at = key.range?.[0] ?? start;
      if (!isScalar(key)) return sum + keyProblem(key, at, path);
      const name = String(key.source ?? key.value);
      if (seen.has(name)) note(at, `"${name}" comes twice: leave one out`, [...path, name]);
      seen.add(name);
      if (name === MERGE_KEY && key.type === Scalar.PLAIN) checkMerge(value, path);
      return sum + name.length + sizeOf(value, [...path, name]);
    }, 1);
  };

  const keyProblem = (key: Node, at: number, path: Path): number => {
    if (isMap(key) && isTemplate(key)) return template(at, path);
    note(
      at,
      isAlias(key)
        ? 'an alias cannot be a name: write the name out'
        : 'a list or a map cannot be a name: put it in quotes',
      path,
    );
    return 1;
  };

  /** What is merged must be maps. */
  const checkMerge = (value: Node | null, path: Path): void => {
    const target = (node: unknown) => (isAlias(node) ? anchors.get(node.source)?.node : node);
    const merged = target(value);
    const sources = isSeq(merged) ? merged.items.map(target) : [merged];
    if (!sources.every((source) => source === undefined || isMap(source)))
      note(value?.range?.[0] ?? 0, 'what is merged must be a map, an alias of one, or a list of these', [
        ...path,
        MERGE_KEY,
      ]);
  };

  return sizeOf(root, []);
}
