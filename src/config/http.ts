import { z } from 'zod';
import { type HttpHost, readHost } from '../http/hosts.js';
import type { HttpSecret } from '../http/secrets.js';
import type { ConfigProblem } from './errors.js';
import { tokenFromFile } from './token-file.js';

const PREFIX = 'HEX_HTTP_SECRET_';

/** Hosts that `http` steps may send requests to, separated by commas. */
export const httpHosts = z.string().transform((text, context): HttpHost[] => {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      try {
        return [readHost(entry)];
      } catch (error) {
        context.addIssue(`cannot be used: ${(error as Error).message}`);
        return [];
      }
    });
});

/** The secrets that headers of `http` steps may name, by their variables; each may be in a file (`_FILE`) instead. */
export function httpSecretsOf(env: NodeJS.ProcessEnv): {
  secrets: Record<string, HttpSecret>;
  problems: ConfigProblem[];
} {
  const secrets: Record<string, HttpSecret> = {};
  const problems: ConfigProblem[] = [];
  for (const [variable, value = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === '') continue;
    const name = variable.replace(/_FILE$/, '');
    if (!/^[A-Z0-9_]*[A-Z0-9]$/.test(name.slice(PREFIX.length)))
      problems.push({
        variable,
        message: `is no name of a secret: write ${PREFIX} and capitals, digits or "_"`,
      });
    else if (name in secrets)
      problems.push({ variable: name, message: `and ${name}_FILE are both set: leave one out` });
    else if (name !== variable) secrets[name] = fromFile(value, variable);
    else {
      const wrong = valueProblem(value.trim());
      if (wrong) problems.push({ variable, message: `cannot be used: ${wrong}` });
      secrets[name] = () => value.trim();
    }
  }
  return { secrets, problems };
}

function fromFile(path: string, variable: string): HttpSecret {
  const read = tokenFromFile(path, variable, 'secret');
  return async () => {
    const text = (await read()).trim();
    const wrong = valueProblem(text);
    if (wrong) throw new Error(`the content of the file of ${variable} cannot be used: ${wrong}`);
    return text;
  };
}

function valueProblem(text: string): string | null {
  if (text === '') return 'it is empty';
  return /^[\t\x20-\x7e]*$/.test(text)
    ? null
    : 'it must be one line without special characters, as the value of a header is';
}
