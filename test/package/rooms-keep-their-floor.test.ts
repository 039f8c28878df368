import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { lintRules, type Room, readRooms } from '../../scripts/rooms.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rooms = readRooms();
const byName = new Map(rooms.map((room) => [room.name, room]));

interface Import {
  file: string;
  /** A room of ours, or what stands in the import. */
  of: string;
  ofTypes: boolean;
}

const imports = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .flatMap(importsOf);

it('every room of src/ is in the table, and every row of the table is a room', () => {
  const found = new Set(readdirSync(join(root, 'src')).map((entry) => entry.replace(/\.ts$/, '')));
  expect(rooms.map(({ name }) => name).sort()).toEqual([...found].sort());
});

it('the table goes up floor by floor, and no room may import one from above', () => {
  const floors = rooms.map(({ floor }) => floor);
  expect(floors).toEqual(floors.toSorted((a, b) => a - b));
  const up = rooms.flatMap(({ name, floor, imports }) =>
    imports.filter((one) => (byName.get(one)?.floor ?? Infinity) > floor).map((one) => `${name} -> ${one}`),
  );
  expect(up).toEqual([]);
});

it('every import in src/ is one that the table allows, types counted', () => {
  expect(imports.length).toBeGreaterThan(1_000);
  const refused = imports.filter((one) => !allows(roomOf(one.file), one));
  expect(refused.map(({ file, of, ofTypes }) => `${file} -> ${ofTypes ? 'types of ' : ''}${of}`)).toEqual([]);
});

it('the lint rules are those of the table: npm run rooms', () => {
  expect(JSON.parse(readFileSync(join(root, 'biome.rooms.json'), 'utf8'))).toEqual(lintRules(rooms));
  expect(JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')).extends).toContain('./biome.rooms.json');
});

function allows(room: Room | undefined, { of, ofTypes }: Import): boolean {
  if (room === undefined) return false;
  if (room.name === of || room.outside.includes(of)) return true;
  return room.imports.includes(of) && (ofTypes || !room.typesOnly.includes(of));
}

/** The imports of a file, of its own room and of the rest of the world, but for packages of others. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s(type\s)?(?:[^;'"]*?\sfrom\s)?\s*'([^']+)'/gm);
  const inline = text.matchAll(/\bimport()\(\s*'([^']+)'/g);
  return [...statements, ...inline].flatMap(([, ofTypes, from = '']) => {
    const of = subject(file, from);
    return of === null ? [] : [{ file, of, ofTypes: Boolean(ofTypes) }];
  });
}

function subject(file: string, from: string): string | null {
  if (from.startsWith('.')) return nameOf(relative('.', join(dirname(file), from)).replaceAll('\\', '/'));
  if (from.startsWith('node:')) return 'node:*';
  return from.startsWith('@temporalio/') ? from.split('/').slice(0, 2).join('/') : null;
}

function roomOf(file: string): Room | undefined {
  return byName.get(nameOf(file));
}

/** `client/controls.ts` and `client.ts` are of the room `client`. */
function nameOf(path: string): string {
  return path.split('/')[0]?.replace(/\.[jt]s$/, '') ?? '';
}
