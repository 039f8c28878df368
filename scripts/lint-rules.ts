// Writes biome.rooms.json, the lint rules that keep every room of src/ to the table in CONTRIBUTING.md: npm run rooms
import { writeFileSync } from 'node:fs';
import { lintRules, readRooms } from './rooms.js';

const { $schema, overrides } = lintRules(readRooms());
const lines = overrides.map((override) => `    ${JSON.stringify(override)}`);
const text = `{\n  "$schema": "${$schema}",\n  "overrides": [\n${lines.join(',\n')}\n  ]\n}\n`;
writeFileSync(new URL('../biome.rooms.json', import.meta.url), text);
