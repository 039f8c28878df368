import type { Limiters } from '../activities/index.js';

/** Tells the limiters when the tokens of their connections expire, so that whoever asks them can say so. Each is told once. */
export class TokenExpiry {
  #limiters: Limiters | null = null;
  readonly #known = new Map<string, string | null>();

  /** Of a look at the token; kept until there are limiters. */
  note(connection: string, expiresAt: string | null): void {
    if (this.#known.has(connection) && this.#known.get(connection) === expiresAt) return;
    this.#known.set(connection, expiresAt);
    void this.#tell(connection, expiresAt);
  }

  /** From now on these are told. */
  tell(limiters: Limiters | undefined): void {
    this.#limiters = limiters ?? null;
    for (const [connection, expiresAt] of this.#known) void this.#tell(connection, expiresAt);
  }

  async #tell(connection: string, expiresAt: string | null): Promise<void> {
    const telling = this.#limiters?.send(connection, [{ type: 'token', expiresAt }]);
    // The server may be away: with the next look it is told again.
    await telling?.catch(() => this.#known.delete(connection));
  }
}
