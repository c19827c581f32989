import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { api } from '../../api/client.js';
import { sentenceOf } from '../../api/problem.js';
import { keys } from '../../api/queries.js';
import type { Session } from '../../api/types.js';
import { Brand } from '../../app/brand.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Notice } from '../../ui/notice.js';
import './sign-in.css';

type Credential = { token: string } | { code: string };

/** Signs in with an admin token, or with the one-time code of the link that `npm start` prints. */
export function Component() {
  const navigate = useNavigate();
  const location = useLocation();
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: (credential: Credential) => api.post<Session>('/session', credential),
    onSuccess: async (session) => {
      client.clear();
      client.setQueryData(keys.session, session);
      await navigate(returnAddress(location.state), { replace: true });
    },
    onError: () => field.current?.select(),
  });

  // The code is in the fragment, which no server and no log sees. It works once, so it is taken out of the address.
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  const usedCode = useRef<string | null>(null);
  const { mutate } = signIn;
  useEffect(() => {
    if (code === undefined || usedCode.current === code) return;
    usedCode.current = code;
    window.history.replaceState(window.history.state, '', '/sign-in');
    mutate({ code: decodeURIComponent(code) });
  }, [code, mutate]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ token: token.trim() });
  };
  return (
    <main className="sign-in">
      <div className="sign-in-column">
        <Brand />
        <form className="panel sign-in-panel" onSubmit={submit}>
          <div>
            <h1>Sign in</h1>
            <p className="faint">Who owns which conversation, and what every app was told.</p>
          </div>
          {sessionEnded(location.state) && signIn.error === null && (
            <Notice tone="warn">Your session has ended. Sign in, and you are back where you were.</Notice>
          )}
          <Field
            label="Admin token"
            help={
              <>
                <code>npm start</code> prints it, with a link that signs you in without it.
              </>
            }
            error={signIn.error === null ? null : sentenceOf(signIn.error)}
          >
            {(control) => (
              <input
                {...control}
                ref={field}
                className="input mono"
                type="password"
                autoComplete="current-password"
                autoFocus
                required
                value={token}
                onChange={({ target }) => setToken(target.value)}
              />
            )}
          </Field>
          <Button kind="primary" type="submit" disabled={signIn.isPending}>
            {signIn.isPending ? 'Signing in…' : 'Sign in'}
          </Button>
        </form>
      </div>
    </main>
  );
}

/** Where the person wanted to go; only an address of the console itself. */
function returnAddress(state: unknown): string {
  const from = typeof state === 'object' && state !== null && 'from' in state ? state.from : null;
  return typeof from === 'string' && /^\/(?!\/)/.test(from) ? from : '/threads';
}

/** Whether the person was signed in and did not sign out. */
function sessionEnded(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'ended' in state && state.ended === true;
}
