import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * For esbuild: a process builds the definition of Temporal's API anew whenever it starts. A bundle gets only what its code
 * names, and what that refers to.
 *
 * @param folder with all of our code that may be in the bundle
 */
export function leanProtos(folder) {
  return {
    name: 'lean-protos',
    setup({ onLoad }) {
      onLoad({ filter: /@temporalio.proto.protos.json-module\.js$/ }, ({ path }) => {
        const code = [folder, ...['client', 'common'].map(libraryOf)].map(codeIn).join('\n');
        const definition = readDefinition(path);
        keepNamed(definition, code);
        // Throws where something refers to what is not there.
        require('protobufjs/light.js').Root.fromJSON({ nested: definition }).resolveAll();
        const text = JSON.stringify(JSON.stringify(definition));
        return {
          contents: `module.exports=new(require('protobufjs/light').Root)().addJSON(JSON.parse(${text}))`,
        };
      });
    },
  };
}

const libraryOf = (name) => dirname(require.resolve(`@temporalio/${name}`));

const codeIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.js') && !name.startsWith('workflow-bundle'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');

/** What the module gives to `addJSON`. */
function readDefinition(path) {
  let found;
  class Root {
    addJSON(definition) {
      found = definition;
      return this;
    }
  }
  new Function('require', 'module', readFileSync(path, 'utf8'))(() => ({ roots: {}, Root }), {});
  return found;
}

/** Takes out of the definition what the code does not name, such as `temporal.api.common.v1.Payload` or, of a method, `listSchedules`. */
function keepNamed(definition, code) {
  const all = new Map(entriesOf(definition));
  const words = new Set(code.match(/\w+/g));
  const kept = new Set();
  const keep = (name) => {
    const one = all.get(name);
    if (!one || kept.has(name)) return;
    kept.add(name);
    if (one.methods) one.methods = calledOf(one.methods, words);
    for (const type of typesIn(one)) keep(resolved(type, name, all));
    for (const nested of Object.keys(one.nested ?? {})) keep(`${name}.${nested}`);
  };
  // As a property of what the module exports; elsewhere they stand in comments.
  for (const [, named] of code.matchAll(/\.((?:temporal|coresdk|google|grpc)(?:\.\w+)+)/g))
    keep(thingIn(named, all));
  drop(definition, '', kept);
}

function* entriesOf(nested, within = '') {
  for (const [key, one] of Object.entries(nested)) {
    const name = within + key;
    if (isThing(one)) yield [name, one];
    yield* entriesOf(one.nested ?? {}, `${name}.`);
  }
}

/** Others are folders of these, and extensions. */
const isThing = ({ fields, values, methods }) => Boolean(fields ?? values ?? methods);

/** `temporal.api.common.v1.Payload.create` is about `temporal.api.common.v1.Payload`. */
function thingIn(named, all) {
  let name = named;
  while (name !== '' && !all.has(name)) name = outside(name);
  return name;
}

/** The options of methods are for gateways: half of a service. */
const calledOf = (methods, words) =>
  Object.fromEntries(
    Object.entries(methods).flatMap(([name, { requestType, responseType, ...rest }]) =>
      words.has(name[0].toLowerCase() + name.slice(1))
        ? [
            [
              name,
              {
                requestType,
                responseType,
                requestStream: rest.requestStream,
                responseStream: rest.responseStream,
              },
            ],
          ]
        : [],
    ),
  );

const typesIn = ({ fields = {}, methods = {} }) => [
  ...Object.values(fields).map(({ type }) => type),
  ...Object.values(methods).flatMap(({ requestType, responseType }) => [requestType, responseType]),
];

/** The full name of what a message calls by a name that is good where it stands. */
function resolved(type, within, all) {
  if (type.startsWith('.')) return type.slice(1);
  let scope = within;
  while (scope !== '' && !all.has(`${scope}.${type}`)) scope = outside(scope);
  return scope === '' ? type : `${scope}.${type}`;
}

const outside = (name) => name.slice(0, Math.max(0, name.lastIndexOf('.')));

/** Whether anything is left. */
function drop(nested, within, kept) {
  for (const [key, one] of Object.entries(nested)) {
    const name = within + key;
    delete one.options;
    if (isThing(one) ? !kept.has(name) : !drop(one.nested ?? {}, `${name}.`, kept)) delete nested[key];
  }
  return Object.keys(nested).length > 0;
}
