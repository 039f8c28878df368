import { effect } from '@preact/signals';
import { kept } from './kept.js';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** `auto` is that of the system. */
export const theme = kept<Theme>('theme', THEMES, 'auto');

/** Before the first paint, so that nothing flashes. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}
