import { glyphPath, type Look, type Outline } from '../lib/status.js';

const OUTLINES: Record<Outline, string> = {
  disc: 'M8 1.2a6.8 6.8 0 1 1 0 13.6a6.8 6.8 0 0 1 0-13.6z',
  ring: 'M8 1.9a6.1 6.1 0 1 1 0 12.2a6.1 6.1 0 0 1 0-12.2z',
  square:
    'M3.6 1.8h8.8a1.8 1.8 0 0 1 1.8 1.8v8.8a1.8 1.8 0 0 1-1.8 1.8H3.6a1.8 1.8 0 0 1-1.8-1.8V3.6a1.8 1.8 0 0 1 1.8-1.8z',
  diamond: 'M8 .6L15.4 8 8 15.4.6 8z',
};

/** An outcome as a small picture: by colour, outline and glyph. Says nothing to screen readers: a word stands beside it. */
export function StatusMark({ look }: { look: Look }) {
  return (
    <svg class={`mark ${look.tone} ${look.outline}`} viewBox="0 0 16 16" aria-hidden="true">
      <path class="outline" d={OUTLINES[look.outline]} />
      <path class="glyph" d={glyphPath(look)} />
    </svg>
  );
}

/** The same with its word. */
export function StatusWord({ look }: { look: Look }) {
  return (
    <span class={`status ${look.tone}`}>
      <StatusMark look={look} />
      <span>{look.word}</span>
    </span>
  );
}
