// Writes schema/pipeline.schema.json, by which editors complete and check pipeline files: node --import tsx scripts/pipeline-schema.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { pipelineJsonSchema } from './pipeline-json-schema.js';

const folder = new URL('../schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('pipeline.schema.json', folder), `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`);
