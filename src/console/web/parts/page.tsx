import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Trouble } from '../lib/api.js';
import { queryValue, setQuery } from '../lib/route.js';
import { Problems } from './problems.js';

interface PageProps {
  title: string;
  /** Beside the title: status, facts. */
  about?: ComponentChildren;
  /** Buttons on the right. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page with its title, which is that of the tab too. */
export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · temporal-hex`;
  }, [title]);
  return (
    <main id="main" tabIndex={-1}>
      <header class="page-head">
        <h1>{title}</h1>
        {about && <div class="page-about">{about}</div>}
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

interface LoadedProps<Answer> {
  of: { answer: Answer | null; trouble: Trouble | null };
  children: (answer: Answer) => ComponentChildren;
  /** What else may be done where there is nothing of it. */
  otherwise?: ComponentChildren;
}

/** What is known, the reason why nothing is, or grey bars for the moment until then. */
export function Loaded<Answer>({ of: { answer, trouble }, children, otherwise }: LoadedProps<Answer>) {
  // An outage of the console stands at the top of the page; what is known stays.
  if (answer !== null) return <>{children(answer)}</>;
  if (trouble)
    return (
      <section class="empty">
        <Problems trouble={trouble} />
        {otherwise}
      </section>
    );
  return (
    <div class="skeleton" aria-busy="true">
      <span class="visually-hidden">Loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}

interface EmptyProps {
  title: string;
  /** What to do next. */
  children: ComponentChildren;
}

/** Instead of an empty table: what there would be, and how one gets it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="empty">
      <p>
        <b>{title}</b>
      </p>
      <p class="dim">{children}</p>
    </div>
  );
}

interface TabsProps<Name extends string> {
  tabs: readonly (readonly [name: Name, label: string])[];
  current: Name;
  /** Name of the value of the query. */
  by: string;
}

/** Views of one thing. Which one is part of the link. */
export function Tabs<Name extends string>({ tabs, current, by }: TabsProps<Name>) {
  const step = (event: KeyboardEvent) => {
    const by2 = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by2 === 0) return;
    const at = tabs.findIndex(([name]) => name === current);
    const next = tabs[(at + by2 + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    setQuery({ [by]: next[0] });
    const list = event.currentTarget as HTMLElement;
    queueMicrotask(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <div class="tabs" role="tablist" onKeyDown={step}>
      {tabs.map(([name, label]) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === current}
          aria-controls="tab-panel"
          tabIndex={name === current ? 0 : -1}
          onClick={() => setQuery({ [by]: name })}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <section id="tab-panel" role="tabpanel" aria-labelledby={`tab-${name}`}>
      {children}
    </section>
  );
}

/** The tab that the link names, else the first. */
export function tabOf<Name extends string>(
  tabs: readonly (readonly [Name, string])[],
  by: string,
  first: Name,
): Name {
  const linked = queryValue(by);
  return tabs.find(([name]) => name === linked)?.[0] ?? first;
}

/** Part of a page with a heading. */
export function Section({
  title,
  count,
  aside,
  children,
}: {
  title: string;
  count?: number | undefined;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="section">
      <h2>
        {title}
        {count !== undefined && <span class="count">{count}</span>}
        {aside}
      </h2>
      {children}
    </section>
  );
}
