import { effect, type Signal, signal } from '@preact/signals';

/** A choice that this browser keeps. Where storing is forbidden it lasts as long as the page. */
export function kept<Value extends string>(
  name: string,
  allowed: readonly Value[],
  otherwise: Value,
): Signal<Value> {
  const key = `temporal-hex.${name}`;
  const choice = signal<Value>(otherwise);
  try {
    const found = allowed.find((one) => one === localStorage.getItem(key));
    if (found) choice.value = found;
  } catch {
    return choice;
  }
  effect(() => localStorage.setItem(key, choice.value));
  return choice;
}
