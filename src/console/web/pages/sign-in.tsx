import { useState } from 'preact/hooks';
import { accept, reload } from '../lib/answers.js';
import { post, type Trouble } from '../lib/api.js';
import { troubleOf } from '../parts/action-dialog.js';
import { Page } from '../parts/page.js';
import { Problems } from '../parts/problems.js';

/** What somebody sees whom the console does not know yet. */
export function SignInPage({ trouble }: { trouble: Trouble }) {
  return (
    <Page title="Sign in">
      <div class="empty">
        {trouble.signIn === 'token' ? (
          <TokenForm />
        ) : (
          <>
            <p>{trouble.message}</p>
            {trouble.signIn === 'link' && (
              <p class="dim">
                <code>temporal-hex console</code> printed a link: open that one. It works once; start the
                console again for a new one.
              </p>
            )}
          </>
        )}
      </div>
    </Page>
  );
}

function TokenForm() {
  const [token, setToken] = useState('');
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    try {
      accept('/api/me', await post('/api/sign-in', { token }));
      reload();
    } catch (error) {
      setTrouble(troubleOf(error));
    }
  };
  return (
    <form onSubmit={send}>
      <label class="field">
        <span>Token of this console</span>
        <input
          type="password"
          name="token"
          required
          autocomplete="current-password"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
      </label>
      {trouble && <Problems trouble={trouble} />}
      <button type="submit" class="primary" disabled={token === ''}>
        Sign in
      </button>
    </form>
  );
}
