import { readFile } from 'node:fs/promises';

/**
 * Reads the token from a file each time it is asked for: the file is tiny, and a secret that was rotated is used at once.
 *
 * @param variable name of the variable that holds the path, for the error
 * @returns a function that rejects with the path and the remedy, never the contents
 */
export function tokenFromFile(path: string, variable: string): () => Promise<string> {
  return async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      throw new Error(
        `the token file ${path} cannot be read (${code}); mend ${variable}, or make the file readable for this process`,
      );
    }
  };
}
