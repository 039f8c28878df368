import { pathSegment } from './ids.js';

const API = '/api/v1';
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The origin of a base URL such as `https://app.hex.tech`, which may also end in `/api/v1` and in slashes.
 *
 * @throws Error that says what is wrong: plain http to another machine, user info, a query, any other path. It quotes
 *   the URL only where that cannot hold a secret.
 */
export function normalizeBaseUrl(text: string): string {
  const trimmed = text.trim();
  const url = URL.canParse(trimmed) ? new URL(trimmed) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw new Error('it is not a URL that begins with https://, such as https://app.hex.tech');
  if (url.username !== '' || url.password !== '') throw new Error('it has a user or password in it');
  if (/[?#]/.test(trimmed)) throw new Error('it has a query or a fragment');
  const path = url.pathname.replace(/\/+$/, '');
  if (path !== '' && path !== API) throw new Error(`it has a path other than ${API}`);
  if (url.protocol === 'http:' && !LOCAL_HOSTS.includes(url.hostname))
    throw new Error(
      `plain http would send the token readable to ${url.hostname}; http is for localhost, 127.0.0.1 and [::1] only`,
    );
  return url.origin;
}

/** The address of an endpoint, on the given origin and nowhere else. */
export function endpointUrl(origin: string, path: string, query: URLSearchParams): string {
  const search = query.toString();
  return `${origin}${API}${path}${search === '' ? '' : `?${search}`}`;
}

/** Paths below `/api/v1`. Every id is checked. */
export interface Paths {
  me: string;
  projects: string;
  project(projectId: string): string;
  /** Where a run is started. */
  start(projectId: string): string;
  runs(projectId: string): string;
  run(projectId: string, runId: string): string;
}

/** Plural paths, or the singular ones that Hex had until 2025 for runs. */
export function pathsOf(legacy: boolean): Paths {
  const project = (id: string) => `/projects/${pathSegment('project', id)}`;
  const owner = (id: string) => (legacy ? `/project/${pathSegment('project', id)}` : project(id));
  const start = legacy ? 'run' : 'runs';
  return {
    me: '/users/me',
    projects: '/projects',
    project,
    start: (id) => `${owner(id)}/${start}`,
    runs: (id) => `${owner(id)}/runs`,
    run: (id, runId) => `${owner(id)}/${start}/${pathSegment('run', runId)}`,
  };
}
