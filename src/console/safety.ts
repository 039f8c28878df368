import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { isLoopback } from '../network/proxy.js';
import { CHANGE_HEADER, type MeAnswer } from './contract.js';
import { badInput, ConsoleError } from './refusal.js';

/** How people get in, and what they may do. */
export interface SafetyOptions {
  /** Names of this console that requests may use beside those of this machine, such as `console.example.com`. */
  hosts: readonly string[];
  /** What signs in; null: only the one-time link does. */
  token: string | null;
  /** The header in which a proxy says who it is, such as `x-forwarded-user`; it alone decides who gets in. */
  proxyHeader: string | null;
  readOnly: boolean;
}

const NAME_COOKIE = 'temporal-hex-console-name';
const MOST_SESSIONS = 1_000;
const YEAR_S = 365 * 86_400;
const LONGEST_NAME = 100;

/** No script, style or picture but our own, no frame around it, nothing sent elsewhere. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/**
 * Who may ask this console for what. A page of somebody else that is open in the same browser must neither read nor do anything, whatever
 * name it points at this machine; nor must another user of this machine, who does not know the link.
 */
export class Safety {
  readonly #options: SafetyOptions;
  /** Hashes of the cookies that were given out. */
  readonly #sessions = new Set<string>();
  #key = newSecret();

  constructor(options: SafetyOptions) {
    this.#options = options;
  }

  get readOnly(): boolean {
    return this.#options.readOnly;
  }

  /** The path that signs in whoever follows it, once; null where a link does not. */
  get entrance(): string | null {
    return this.#options.proxyHeader === null ? `/enter/${this.#key}` : null;
  }

  /** Comes before every route: which hosts may be named, and what every answer says to the browser. */
  readonly hosts: MiddlewareHandler = async (context, next) => {
    const { hostname } = new URL(context.req.url);
    const name = hostname.toLowerCase();
    if (!isLoopback(new URL(`http://${hostname}`)) && !this.#options.hosts.includes(name))
      throw new ConsoleError('forbidden', 'This host is not known here: see --allow-host');
    await next();
    for (const [header, value] of Object.entries(HEADERS)) context.res.headers.set(header, value);
  };

  /** Requests come from our own pages, or from no page. */
  readonly ownPages: MiddlewareHandler = async (context, next) => {
    refuseOthersPages(context);
    await next();
  };

  /** Whoever asks for data must be signed in. */
  readonly members: MiddlewareHandler = async (context, next) => {
    this.by(context);
    await next();
  };

  /** A change is sent by our own pages, as JSON, with a header that no other page can send. */
  readonly changes: MiddlewareHandler = async (context, next) => {
    const { method } = context.req;
    if (method === 'GET' || method === 'HEAD') return next();
    if (method !== 'POST') throw new ConsoleError('forbidden', 'Only GET and POST are answered');
    if (context.req.header(CHANGE_HEADER) !== '1')
      throw new ConsoleError('forbidden', `The header ${CHANGE_HEADER}: 1 is required`);
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json')
      throw new ConsoleError('forbidden', 'The content type must be application/json');
    await next();
  };

  /** Refuses what changes something, where this console only shows. */
  refuseReadOnly(): void {
    if (this.#options.readOnly)
      throw new ConsoleError('read-only', 'This console only shows: it was started with --read-only');
  }

  /** Signs in whoever comes by the link. A link that was used is worth nothing; there is a new one then. */
  enter(context: Context, key: string): boolean {
    if (this.#options.proxyHeader !== null || !sameText(key, this.#key)) return false;
    this.#key = newSecret();
    this.#admit(context);
    return true;
  }

  signIn(context: Context, token: unknown): void {
    const { token: wanted } = this.#options;
    if (wanted === null || typeof token !== 'string' || !sameText(token, wanted))
      throw new ConsoleError('sign-in', 'This is not the token', { signIn: this.#way });
    this.#admit(context);
  }

  /** Remembers the name that somebody gave, in a cookie of the browser. */
  rename(context: Context, name: unknown): void {
    if (this.#options.proxyHeader !== null)
      throw new ConsoleError('refused', 'The name comes from the proxy, and cannot be changed here');
    const text = typeof name === 'string' ? name.trim() : '';
    if (text === '' || text.length > LONGEST_NAME || /\p{Cc}/u.test(text))
      throw badInput('name', `must be text of 1 to ${LONGEST_NAME} characters`);
    setCookie(context, NAME_COOKIE, encodeURIComponent(text), { ...cookieOptions(context), maxAge: YEAR_S });
  }

  /** Who asks. Throws where nobody is signed in. */
  by(context: Context): Pick<MeAnswer, 'by' | 'byFrom'> {
    const { proxyHeader } = this.#options;
    if (proxyHeader !== null) {
      const name = context.req.header(proxyHeader)?.trim().slice(0, LONGEST_NAME);
      if (!name)
        throw new ConsoleError('sign-in', `The proxy did not say who you are (${proxyHeader})`, {
          signIn: 'proxy',
        });
      return { by: name, byFrom: 'proxy' };
    }
    const session = getCookie(context, sessionCookie(context));
    if (!session || !this.#sessions.has(hashOf(session)))
      throw new ConsoleError(
        'sign-in',
        this.#way === 'token'
          ? 'Sign in with the token'
          : 'Open the link that "temporal-hex console" has printed',
        { signIn: this.#way },
      );
    const named = nameIn(getCookie(context, NAME_COOKIE));
    return named === null ? { by: systemUser(), byFrom: 'system' } : { by: named, byFrom: 'cookie' };
  }

  get #way(): 'token' | 'link' {
    return this.#options.token === null ? 'link' : 'token';
  }

  #admit(context: Context): void {
    const session = newSecret();
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? '');
    this.#sessions.add(hashOf(session));
    setCookie(context, sessionCookie(context), session, cookieOptions(context));
  }
}

/** A browser sends the cookies of a host to all of its ports: two consoles on one machine must not sign each other out. */
const sessionCookie = ({ req }: Context) => `temporal-hex-console-${new URL(req.url).port || 'default'}`;

function cookieOptions(context: Context) {
  const secure =
    new URL(context.req.url).protocol === 'https:' || context.req.header('x-forwarded-proto') === 'https';
  return { httpOnly: true, sameSite: 'Strict', path: '/', ...(secure && { secure }) } as const;
}

/** What a browser says of the page that a request comes from. */
function refuseOthersPages({ req }: Context): void {
  const site = req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new ConsoleError('forbidden', 'Pages of other sites may not ask');
  const origin = req.header('origin');
  const host = req.header('host');
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host))
    throw new ConsoleError('forbidden', 'Pages of other origins may not ask');
}

const newSecret = () => randomBytes(24).toString('base64url');
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

/** Takes the same time wherever the texts differ. */
const sameText = (one: string, other: string) =>
  timingSafeEqual(Buffer.from(hashOf(one)), Buffer.from(hashOf(other)));

function nameIn(cookie: string | undefined): string | null {
  if (!cookie) return null;
  try {
    return (
      decodeURIComponent(cookie)
        .slice(0, LONGEST_NAME)
        .replace(/\p{Cc}/gu, '')
        .trim() || null
    );
  } catch {
    return null;
  }
}

/** Who started this process, as the operating system calls them. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'console';
  }
}
