// The public surface of the package in one file, api/temporal-hex.api.md: every entry of package.json with what it
// exports. `npm run api` writes it; with `--check` it fails where the file is not up to date. Reads dist/, so build first.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('../', import.meta.url));
const REPORT = join(root, 'api/temporal-hex.api.md');
const HEAD = `# The public surface of temporal-hex

Made by \`npm run api\` from the declarations of the build. A diff here is a change that users can see: say it in CHANGELOG.md.
`;

const report = surface();
if (!process.argv.includes('--check')) writeFileSync(REPORT, report);
else if (readFileSync(REPORT, 'utf8') !== report) {
  console.error(
    'The public surface has changed: run "npm run api", and look at the diff of api/temporal-hex.api.md',
  );
  process.exitCode = 1;
}

function surface(): string {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { types: string } | string>;
  };
  const entries = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string' ? [] : [{ name, types: join(root, target.types) }],
  );
  const folder = mkdtempSync(join(tmpdir(), 'temporal-hex-api-'));
  try {
    const configs = entries.map(({ types }) => configOf(types, folder));
    const [first] = configs;
    if (!first) throw new Error('package.json has no entries');
    const compilerState = CompilerState.create(first, {
      additionalEntryPoints: entries.map(({ types }) => types),
    });
    const parts = configs.map((config, index) => {
      Extractor.invoke(config, {
        localBuild: true,
        compilerState,
        messageCallback: (message) => {
          message.handled = message.logLevel !== ExtractorLogLevel.Error;
        },
      });
      const title = `temporal-hex${entries[index]?.name.slice(1)}`;
      return `\n## \`${title}\`\n\n${declarationsOf(readFileSync(config.reportFilePath, 'utf8'))}`;
    });
    return HEAD + parts.join('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function configOf(types: string, folder: string): ExtractorConfig {
  const none = { default: { logLevel: ExtractorLogLevel.None } };
  return ExtractorConfig.prepare({
    configObject: {
      mainEntryPointFilePath: types,
      projectFolder: root,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            target: 'es2023',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
          },
          include: [join(root, 'dist/**/*.d.ts')],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: types.slice(root.length).replaceAll(/\W/g, '-'),
        reportFolder: folder,
        reportTempFolder: folder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: none,
        compilerMessageReporting: none,
        tsdocMessageReporting: none,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
}

/** The block of code of a report: what stands around it is the same in each. */
function declarationsOf(text: string): string {
  const from = text.indexOf('```ts');
  return `${text.slice(from, text.lastIndexOf('```'))}\`\`\`\n`.replace(
    '\n// (No @packageDocumentation comment for this package)\n',
    '',
  );
}
