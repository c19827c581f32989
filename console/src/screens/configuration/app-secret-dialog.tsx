import { useState } from 'react';
import { api, path } from '../../api/client.js';
import type { App } from '../../api/types.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Notice } from '../../ui/notice.js';
import { TextField } from '../../ui/text-field.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';

/** A new secret for an app: shown before it is used, so that the app can learn it first. */
export function AppSecretDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const [secret, setSecret] = useState(newSecret);
  const save = useChange(
    () =>
      api.put<App>(path`/apps/${app.app_id}`, {
        name: app.name,
        kind: app.kind,
        callback_url: app.callback_url,
        batch_size_max: app.batch_size_max,
        app_secret: secret.trim(),
      }),
    onClose,
  );
  return (
    <FormDialog
      title={`A new secret for ${app.name}`}
      submit="Sign with it from now on"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <Notice tone="warn">
        Give it to the app first. Once it is saved, every webhook and every retry is signed with it, and nobody can read
        it here again.
      </Notice>
      <TextField
        label="App secret"
        help="Made up just now by this browser. You may enter your own."
        mono
        autoComplete="off"
        spellCheck={false}
        required
        maxLength={1000}
        value={secret}
        onChange={setSecret}
      />
      <div>
        <CopyButton text={secret} label="Copy the app secret" />
      </div>
    </FormDialog>
  );
}

/** 32 hexadecimal digits, as the platform's own. */
function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
