import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { withImageVersion } from '../../scripts/manifest-version.js';
import { unknownVariables } from '../../src/config/unknown-variables.js';
import { KNOWN_VARIABLES } from '../../src/config.js';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  // biome-ignore lint/suspicious/noExplicitAny: of many kinds, each checked by its schema
  spec?: any;
  data?: Record<string, string>;
}

interface Kustomization {
  resources: string[];
  configMapGenerator?: { name: string; literals: string[] }[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'deploy/kubernetes');
const read = (path: string) => readFileSync(join(folder, path), 'utf8');
const overlays = readdirSync(join(folder, 'overlays')).map((name) => `overlays/${name}`);
const folders = ['base', ...overlays];
const kustomization = (at: string): Kustomization => documents(read(`${at}/kustomization.yaml`))[0] as never;
const files = folders.flatMap((at) =>
  readdirSync(join(folder, at))
    .filter((name) => name !== 'kustomization.yaml')
    .map((name) => `${at}/${name}`),
);
const manifests = files.flatMap((file) => documents(read(file)));
const hasKubectl = spawnSync('kubectl', ['kustomize', join(folder, 'base')]).status === 0;

function documents(text: string): Manifest[] {
  return parseAllDocuments(text).map((one) => {
    expect(one.errors).toEqual([]);
    return one.toJS() as Manifest;
  });
}

const { kinds, definitions } = JSON.parse(
  readFileSync(join(root, 'test/fixtures/kubernetes-schemas.json'), 'utf8'),
);
const ajv = new Ajv({ strict: false, allErrors: true });
const validators = new Map<string, ValidateFunction>();

/** What the API server would say of the fields of a manifest: wrong types, missing ones, unknown ones. */
function faults(manifest: Manifest): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  expect(Object.keys(kinds)).toContain(kind);
  const validate = validators.get(kind) ?? ajv.compile({ ...kinds[kind], definitions });
  validators.set(kind, validate);
  validate(manifest);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${kind} ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

const workerPods = () =>
  manifests.filter(({ kind }) => ['Deployment', 'WorkerDeployment'].includes(kind)).map(({ spec }) => spec);

describe('the manifests for Kubernetes', () => {
  it('have only fields that Kubernetes, KEDA and the Worker Controller know, of the right type', () => {
    expect(manifests.length).toBeGreaterThanOrEqual(5);
    expect(manifests.flatMap(faults)).toEqual([]);
    const [deployment] = workerPods();
    const misspelt = structuredClone(manifests.find(({ kind }) => kind === 'Deployment')) as Manifest;
    misspelt.spec.template.spec.containers[0].livenessprobe = {};
    misspelt.spec.template.spec.terminationGracePeriodSeconds = '75';
    expect(faults(misspelt)).toHaveLength(2);
    expect(deployment.replicas).toBe(2);
  });

  it.each(folders)('%s leads to files that are there, and to all that are', (at) => {
    const { resources } = kustomization(at);
    for (const resource of resources) expect(existsSync(join(folder, at, resource)), resource).toBe(true);
    const here = files.filter((file) => file.startsWith(`${at}/`)).map((file) => file.slice(at.length + 1));
    expect(resources.filter((resource) => !resource.startsWith('..')).sort()).toEqual(here.sort());
  });

  it.skipIf(!hasKubectl).each(folders)(
    '%s is what kustomize makes it, and still has known fields only',
    (at) => {
      const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', join(folder, at)], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(documents(stdout).flatMap(faults)).toEqual([]);
    },
  );

  it('run the image of this version, which a release changes', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const all = [...files, ...folders.map((at) => `${at}/kustomization.yaml`)].map(read);
    for (const text of all) expect(withImageVersion(text, version)).toBe(text);
    const changed = all.filter((text) => withImageVersion(text, '9.9.9-rc.1') !== text);
    expect(changed).toHaveLength(3);
  });

  it('give a worker more time to stop than it takes to give up its activities', () => {
    const forced = /SHUTDOWN_FORCE = '(\d+)s'/.exec(readFileSync(join(root, 'src/worker.ts'), 'utf8'))?.[1];
    expect(workerPods()).toHaveLength(2);
    for (const { template } of workerPods())
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(forced));
  });

  it('read secrets from a folder that Kubernetes keeps up to date, and put none into variables', () => {
    for (const { template } of workerPods()) {
      const [container] = template.spec.containers;
      const mount = container.volumeMounts.find(({ name }: { name: string }) => name === 'secrets');
      expect(mount.subPath).toBeUndefined();
      const token = container.env.find(({ name }: { name: string }) => name === 'HEX_API_TOKEN_FILE');
      expect(token.value.startsWith(`${mount.mountPath}/`)).toBe(true);
      for (const { name, valueFrom } of container.env) expect({ name, valueFrom }).toEqual({ name });
    }
  });

  it('ask the worker for its health where it is served, and leave a quarter of the memory outside the heap', () => {
    for (const { template } of workerPods()) {
      const [container] = template.spec.containers;
      const variable = (wanted: string) =>
        container.env.find(({ name }: { name: string }) => name === wanted)?.value as string;
      expect(variable('HEX_METRICS_ADDRESS')).toBe(`0.0.0.0:${container.ports[0].containerPort}`);
      const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
      expect(probes.map(({ httpGet }) => `${httpGet.port} ${httpGet.path}`)).toEqual([
        'metrics /healthz',
        'metrics /healthz',
        'metrics /readyz',
      ]);
      expect(container.resources.limits.memory).toBe('1Gi');
      expect(variable('NODE_OPTIONS')).toBe(`--max-old-space-size=${1024 * 0.75}`);
    }
  });

  it('set only variables that the worker reads', () => {
    const literals = folders.flatMap((at) =>
      (kustomization(at).configMapGenerator ?? []).flatMap((map) =>
        map.literals.map((one) => one.split('=')[0] ?? ''),
      ),
    );
    const named = workerPods().flatMap(({ template }) =>
      template.spec.containers[0].env.map(({ name }: { name: string }) => name),
    );
    const env = Object.fromEntries([...literals, ...named].map((name) => [name, 'x']));
    expect(Object.keys(env).length).toBeGreaterThan(8);
    expect(unknownVariables(env, KNOWN_VARIABLES)).toEqual([]);
  });
});
