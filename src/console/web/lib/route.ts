import { computed, signal } from '@preact/signals';

/** Where the console is mounted, with a slash at the end. */
const base = new URL('.', document.baseURI).pathname;

const current = signal(new URL(location.href));

/** The path in its parts, decoded each by itself: a workflow id may hold a slash. */
export const parts = computed(() => {
  const { pathname } = current.value;
  const below = pathname.startsWith(base) ? pathname.slice(base.length) : pathname.slice(1);
  return below.split('/').filter(Boolean).map(decoded);
});

/** What stands behind the question mark: the state of the page, so that it can be linked. */
export const query = computed(() => current.value.searchParams);

/** One value of the query, or null. */
export const queryValue = (name: string): string | null => query.value.get(name);

/** An address below the console from parts and a query, whose empty values are left out. */
export function href(to: readonly string[], values: Record<string, string | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, value);
  }
  const text = search.toString();
  return `${base}${to.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** Goes to another page. */
export function navigate(to: string): void {
  if (to === location.pathname + location.search) return;
  history.pushState(null, '', to);
  current.value = new URL(location.href);
  scrollTo(0, 0);
}

/** Changes values of the query, null to remove one; without a new entry in the history unless `push` is set. */
export function setQuery(values: Record<string, string | null>, { push = false } = {}): void {
  const url = new URL(current.peek());
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href === current.peek().href) return;
  try {
    history[push ? 'pushState' : 'replaceState'](null, '', url);
  } catch {
    // A browser may forbid it to a file on a disk: then the page turns, and its address stays.
  }
  current.value = url;
}

/** Lets links below the console change the page without loading it anew. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    current.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const to = link?.getAttribute('href');
    if (!link || !to || link.hasAttribute('download') || link.target !== '') return;
    const url = new URL(link.getAttribute('href') ?? '', document.baseURI);
    if (url.origin !== location.origin || !url.pathname.startsWith(base) || to.startsWith('#')) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
