/**
 * The rooms of src/ and what each may import, as the table in CONTRIBUTING.md says, and the lint rules that follow
 * from it. A room is a folder, a file of the same name (its door), or both.
 */
import { readFileSync } from 'node:fs';

export interface Room {
  name: string;
  /** Low to high: an import goes down or sideways. */
  floor: number;
  /** The rooms that it may import. */
  imports: string[];
  /** Those of them of which it may import types only. */
  typesOnly: string[];
  /** What it may import of Temporal and of Node: `@temporalio/client`, `node:*`. */
  outside: string[];
}

const ROW = /^\| (\d+) \| `src\/([a-z-]+)` \| [^|]+ \|\s*([^|]*?)\s*\|$/gm;
/** How deep a room may be: `src/room/file.ts` and `src/room/folder/file.ts`. */
const DEPTHS = [0, 1, 2];

/** The table "Where things are". */
export function readRooms(
  markdown = readFileSync(new URL('../CONTRIBUTING.md', import.meta.url), 'utf8'),
): Room[] {
  const rooms: Room[] = [];
  for (const [, floor, name = '', cell = ''] of markdown.matchAll(ROW)) {
    const names = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, found = '']) => found);
    const listed = cell.startsWith('all of the above') ? rooms.map((room) => room.name) : [];
    const [any = '', types = ''] = cell.split('; types of ');
    rooms.push({
      name,
      floor: Number(floor),
      imports: [...listed, ...names(cell).filter((one) => !isOutside(one))],
      typesOnly: names(types),
      outside: names(any).filter(isOutside),
    });
  }
  return rooms;
}

/** The rules of Biome that keep every room to the table: what is not allowed is an error. */
export function lintRules(rooms: readonly Room[]): { $schema: string; overrides: object[] } {
  return {
    $schema: './node_modules/@biomejs/biome/configuration_schema.json',
    overrides: rooms.flatMap((room) => DEPTHS.map((depth) => override(room, depth))),
  };
}

function isOutside(name: string): boolean {
  return name.startsWith('@') || name === 'node:*';
}

function override({ name, imports, outside }: Room, depth: number): object {
  const up = depth === 0 ? './' : '../'.repeat(depth);
  const allowed = [name, ...imports].flatMap((room) => [`!${up}${room}.js`, `!${up}${room}/**`]);
  const packages = outside.flatMap((one) => [`!${one}`, `!${one}/**`]);
  return {
    includes: [depth === 0 ? `src/${name}.ts` : `src/${name}/${'*/'.repeat(depth - 1)}*.ts`],
    linter: {
      rules: {
        style: {
          noRestrictedImports: {
            level: 'error',
            options: {
              patterns: [
                {
                  group: [`${up}**`, ...allowed, '@temporalio/**', 'node:*', 'node:*/**', ...packages],
                  message: `src/${name} may not import this: see "Where things are" in CONTRIBUTING.md.`,
                },
              ],
            },
          },
        },
      },
    },
  };
}
