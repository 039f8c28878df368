import { readFile } from 'node:fs/promises';

/**
 * Reads the token, or another secret, from a file each time it is asked for: the file is tiny, and a secret that was rotated
 * is used at once.
 *
 * @param variable name of the variable that holds the path, for the error
 * @param what what the file holds, for the error
 * @returns a function that rejects with the path and the remedy, never the contents
 */
export function tokenFromFile(path: string, variable: string, what = 'token'): () => Promise<string> {
  return async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      throw new Error(
        `the ${what} file ${path} cannot be read (${code}); mend ${variable}, or make the file readable for this process`,
      );
    }
  };
}
