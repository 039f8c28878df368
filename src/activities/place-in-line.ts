import { placeText } from '../contract/place-in-line.js';
import type { ActivityDependencies } from './dependencies.js';

/** Where a request for a start stands, in words; null where that is not known. */
export const placeInLine =
  ({ limiters }: ActivityDependencies) =>
  async ({ connection, requestId }: { connection: string; requestId: string }): Promise<string | null> => {
    const place = (await limiters?.place(connection, requestId)) ?? null;
    return place && placeText(place);
  };
