import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [built = '', source = ''] = ['cjs', 'cts'].map((end) =>
  fileURLToPath(new URL(`./failure-converter.${end}`, import.meta.url)),
);

/**
 * For the `failureConverterPath` of a data converter of your own: messages and stack traces of failures go through its codecs
 * too. Without it they stay in clear.
 */
export const encodedFailures = existsSync(built) ? built : source;
