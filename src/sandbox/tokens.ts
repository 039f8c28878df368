import { createHash } from 'node:crypto';

/** Who sent a request, as far as the sandbox cares. */
export interface Caller {
  /** Fingerprint of the token. */
  token: string;
  /** The user behind the token, for whom the limits count. */
  user: string;
  /** 'workspace' for tokens that begin with hxtw_. */
  kind: 'personal' | 'workspace';
  readOnly: boolean;
}

export type Authentication = { ok: true; caller: Caller } | { ok: false; tokenSent: boolean };

/**
 * What the ledger shows of a token: its public prefix, if it has one, and 8 hex digits of its SHA-256.
 * Tells tokens apart without giving any part of the secret away.
 */
export function tokenFingerprint(token: string): string {
  const prefix = /^hxt[pw]_/.exec(token)?.[0] ?? '';
  return `${prefix}#${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
}

/** What the sandbox is told of tokens. */
interface KnownTokens {
  /** None: any token is good. */
  tokens: readonly string[];
  readOnlyTokens: readonly string[];
  /** The user behind a token. */
  users: Readonly<Record<string, string>>;
}

/** Reads an Authorization header. Fingerprints are remembered in `known`, so that a request costs no hash. */
export function authenticate(
  header: string | undefined,
  settings: KnownTokens,
  known: Map<string, string>,
): Authentication {
  const token = /^bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1];
  if (token === undefined) return { ok: false, tokenSent: false };
  const readOnly = settings.readOnlyTokens.includes(token);
  const good = readOnly || settings.tokens.length === 0 || settings.tokens.includes(token);
  if (!good) return { ok: false, tokenSent: true };
  let fingerprint = known.get(token);
  if (fingerprint === undefined) {
    fingerprint = tokenFingerprint(token);
    known.set(token, fingerprint);
  }
  const user = (Object.hasOwn(settings.users, token) ? settings.users[token] : undefined) ?? fingerprint;
  const kind = token.startsWith('hxtw_') ? 'workspace' : 'personal';
  return { ok: true, caller: { token: fingerprint, user, kind, readOnly } };
}
