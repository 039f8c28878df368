import type { ActivityDependencies } from './dependencies.js';

/** Where a request for a start stands, in words; null where that is not known. */
export const placeInLine =
  ({ limiters }: ActivityDependencies) =>
  async ({ connection, requestId }: { connection: string; requestId: string }): Promise<string | null> => {
    const view = (await limiters?.place(connection, requestId)) ?? null;
    if (!view) return null;
    const { text, place, expectedAt, exact } = view;
    const expected =
      expectedAt === null ? '' : `, expected ${exact ? 'at' : 'about'} ${new Date(expectedAt).toISOString()}`;
    return `${text}: place ${place} in line${expected}`;
  };
