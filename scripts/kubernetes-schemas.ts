// Writes test/fixtures/kubernetes-schemas.json, by which the manifests in deploy/kubernetes are checked without a cluster:
// tsx scripts/kubernetes-schemas.ts <version> <api/openapi-spec/swagger.json of Kubernetes> <YAML of custom resources>...
// Descriptions are left out, and a field that no schema knows is an error.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

type Schema = { [key: string]: unknown };
type CustomSchema = { openAPIV3Schema: { properties: { spec: { properties: Record<string, Schema> } } } };

const KINDS = [
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  'io.k8s.api.core.v1.ConfigMap',
];
const POD_TEMPLATE = 'io.k8s.api.core.v1.PodTemplateSpec';
/** Fields of Kubernetes' own dialect, which JSON Schema does not have. */
const FOREIGN = /^(description|default|format|x-kubernetes-.*|nullable)$/;

const [version = '', swaggerFile = '', ...crdFiles] = process.argv.slice(2);
const swagger = JSON.parse(readFileSync(swaggerFile, 'utf8')) as {
  definitions: Record<string, Schema>;
};
const definitions: Record<string, Schema> = {};
for (const kind of KINDS) include(kind);
const kinds = KINDS.map((kind): [string, Schema] => [nameOf(kind), { $ref: `#/definitions/${kind}` }]);
for (const file of crdFiles) kinds.push(customResource(readFileSync(file, 'utf8')));

const all = {
  $comment: `Of Kubernetes ${version} and the custom resources of KEDA and of the Temporal Worker Controller (Apache-2.0), by scripts/kubernetes-schemas.ts`,
  kinds: Object.fromEntries(kinds),
  definitions,
};
writeFileSync(
  new URL('../test/fixtures/kubernetes-schemas.json', import.meta.url),
  `${JSON.stringify(all)}\n`,
);

function nameOf(kind: string): string {
  const [, group, version, name] = /^io\.k8s\.api\.(\w+)\.(\w+)\.(\w+)$/.exec(kind) ?? [];
  return group === 'core' ? `${version} ${name}` : `${group}/${version} ${name}`;
}

function include(name: string): void {
  if (definitions[name]) return;
  const schema = strict(swagger.definitions[name]) as Schema;
  // A quantity is "1Gi" as well as 1.
  definitions[name] = /\.(Quantity|IntOrString)$/.test(name) ? { type: ['string', 'integer'] } : schema;
  for (const [, other = ''] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) include(other);
}

function customResource(text: string): [string, Schema] {
  // Charts put their own conditions around it.
  const crd = parse(text.replace(/^\s*\{\{.*\}\}\s*$/gm, '')) as {
    spec: { group: string; names: { kind: string }; versions: { name: string; schema: CustomSchema }[] };
  };
  const { group, names, versions } = crd.spec;
  const [latest] = versions;
  if (!latest) throw new Error(`${names.kind} has no version`);
  const { openAPIV3Schema } = latest.schema;
  const { spec } = openAPIV3Schema.properties;
  if (spec.properties.template) {
    include(POD_TEMPLATE);
    spec.properties.template = { $ref: `#/definitions/${POD_TEMPLATE}` };
  }
  const metadata = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
  const properties = { ...openAPIV3Schema.properties, metadata };
  return [`${group}/${latest.name} ${names.kind}`, strict({ ...openAPIV3Schema, properties }) as Schema];
}

function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { properties } = schema as Schema;
  const open = 'x-kubernetes-preserve-unknown-fields' in schema || 'additionalProperties' in schema;
  const kept = Object.entries(schema).filter(([key]) => !FOREIGN.test(key));
  const result = kept.map(([key, value]) => [
    key,
    key === 'properties' ? mapValues(value as Schema, strict) : strict(value),
  ]);
  return {
    ...Object.fromEntries(result),
    ...(properties !== undefined && !open && { additionalProperties: false }),
  };
}

function mapValues(record: Schema, change: (value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
