import type { Trouble } from '../lib/api.js';

/** Why something was refused, each problem with its place. */
export function Problems({ trouble }: { trouble: Trouble }) {
  return (
    <div class="trouble" role="alert">
      <p>{trouble.message}</p>
      {trouble.problems.length > 0 && (
        <ul>
          {trouble.problems.map(({ path, message }) => (
            <li key={path + message}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
