import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useAnswer } from '../lib/answers.js';
import { href, navigate } from '../lib/route.js';

const MOST = 8;

interface Found {
  name: string;
  about: string;
  to: string;
}

/** Finds a pipeline by its name, tag or owner, and a run by its workflow id. `/` goes there from everywhere. */
export function Search() {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const { answer } = useAnswer(open ? '/api/pipelines' : null);

  // With the first frame: whoever sees the page may press it.
  useLayoutEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      event.preventDefault();
      box.current?.focus();
      box.current?.select();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);

  const wanted = text.trim().toLowerCase();
  const found: Found[] = (answer?.pipelines ?? [])
    .filter(({ name, owner, tags }) =>
      [name, owner ?? '', ...tags].some((one) => one.toLowerCase().includes(wanted)),
    )
    .slice(0, MOST)
    .map(({ name, owner }) => ({ name, about: owner ?? 'pipeline', to: href(['pipelines', name]) }));
  // Not before the pipelines are known: Enter would open a run that nobody meant.
  if (wanted !== '' && answer)
    found.push({ name: text.trim(), about: 'open the run with this id', to: href(['runs', text.trim()]) });
  const marked = found[Math.min(at, found.length - 1)];

  const go = (to: string) => {
    setOpen(false);
    setText('');
    box.current?.blur();
    navigate(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (event.key === 'Enter' && marked) go(marked.to);
    else if (event.key === 'Escape') box.current?.blur();
    else return;
    event.preventDefault();
  };

  const shown = open && found.length > 0;
  return (
    <div class="search" role="search">
      <input
        ref={box}
        type="text"
        placeholder="Find a pipeline or a run"
        aria-label="Find a pipeline or a run"
        aria-keyshortcuts="/"
        role="combobox"
        aria-expanded={shown}
        aria-controls="found"
        aria-activedescendant={shown ? `found-${Math.min(at, found.length - 1)}` : undefined}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setAt(0);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <kbd>/</kbd>
      <ul id="found" role="listbox" aria-label="Found" hidden={!shown}>
        {found.map((one, index) => (
          <li
            key={one.to}
            id={`found-${index}`}
            role="option"
            aria-selected={one === marked}
            // Before the box loses the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              go(one.to);
            }}
          >
            <span>{one.name}</span> <span class="dim">{one.about}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
