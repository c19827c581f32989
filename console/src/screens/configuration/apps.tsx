import { useQuery } from '@tanstack/react-query';
import { Bot, Plus } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { appsQuery } from '../../api/queries.js';
import type { App } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { TextField } from '../../ui/text-field.js';
import { AppSecretDialog } from './app-secret-dialog.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';
import { SecretsDialog, type Secret } from './secrets-dialog.js';

export function Apps() {
  const refusal = useRefusal('admin');
  const { data: apps, error, refetch } = useQuery(appsQuery);
  const [editing, setEditing] = useState<App | 'new' | null>(null);
  const [deleting, setDeleting] = useState<App | null>(null);
  const [renewing, setRenewing] = useState<App | null>(null);
  const [secrets, setSecrets] = useState<readonly Secret[]>([]);
  if (error !== null && apps === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (apps === undefined) return <Skeleton />;
  return (
    <section className="panel" aria-label="Apps">
      <header className="panel-head">
        <h2>Apps</h2>
        <Button kind="primary" refusal={refusal} onClick={() => setEditing('new')}>
          <Plus aria-hidden /> Add an app
        </Button>
      </header>
      {apps.length === 0 ? (
        <Empty icon={Bot} title="No apps yet">
          An app is a bot, or an inbox of people. Add one, then connect it to a page.
        </Empty>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>App</th>
                <th>Kind</th>
                <th>Callback</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {apps.map((app) => (
                <tr key={app.app_id}>
                  <td>
                    <AppChip appId={app.app_id} /> <span className="faint mono">{app.app_id}</span>
                  </td>
                  <td>
                    <Badge>{app.kind}</Badge>
                  </td>
                  <td className="configuration-wide">
                    {app.callback_url === null ? (
                      <span className="faint">none</span>
                    ) : (
                      <span className="mono">{app.callback_url}</span>
                    )}{' '}
                    {app.paused_at !== null && (
                      <Badge tone="warn" title={app.pause_reason ?? undefined}>
                        deliveries paused
                      </Badge>
                    )}
                  </td>
                  <td className="configuration-actions">
                    <Button size="small" refusal={refusal} onClick={() => setEditing(app)}>
                      Change…
                    </Button>
                    <Button size="small" refusal={refusal} onClick={() => setRenewing(app)}>
                      New secret…
                    </Button>
                    <Button size="small" kind="danger" refusal={refusal} onClick={() => setDeleting(app)}>
                      Delete…
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing !== null && (
        <AppDialog app={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onSecrets={setSecrets} />
      )}
      {renewing !== null && <AppSecretDialog app={renewing} onClose={() => setRenewing(null)} />}
      {deleting !== null && <DeleteAppDialog app={deleting} onClose={() => setDeleting(null)} />}
      {secrets.length > 0 && <SecretsDialog secrets={secrets} onClose={() => setSecrets([])} />}
    </section>
  );
}

type PutAnswer = App & { readonly app_secret?: string; readonly verify_token?: string };

interface AppDialogProps {
  /** Null: a new one. */
  readonly app: App | null;
  readonly onClose: () => void;
  readonly onSecrets: (secrets: readonly Secret[]) => void;
}

function AppDialog({ app, onClose, onSecrets }: AppDialogProps) {
  const [appId, setAppId] = useState(app?.app_id ?? '');
  const [name, setName] = useState(app?.name ?? '');
  const [kind, setKind] = useState<App['kind']>(app?.kind ?? 'bot');
  const [callbackUrl, setCallbackUrl] = useState(app?.callback_url ?? '');
  const [verifyToken, setVerifyToken] = useState('');
  const [batchSize, setBatchSize] = useState(String(app?.batch_size_max ?? 1));
  const save = useChange(
    () =>
      api.put<PutAnswer>(path`/apps/${appId.trim()}`, {
        name: name.trim(),
        kind,
        callback_url: callbackUrl.trim() === '' ? null : callbackUrl.trim(),
        batch_size_max: Number(batchSize),
        ...(verifyToken.trim() !== '' && { verify_token: verifyToken.trim() }),
      }),
    (saved) => {
      onClose();
      onSecrets([
        ...(saved.app_secret === undefined ? [] : [{ name: 'app secret', value: saved.app_secret }]),
        ...(saved.verify_token === undefined ? [] : [{ name: 'verify token', value: saved.verify_token }]),
      ]);
    },
  );
  return (
    <FormDialog
      title={app === null ? 'Add an app' : `Change ${app.name}`}
      submit="Save"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      {app === null && (
        <TextField
          label="App id"
          help="The id that the platform gives the app: digits."
          mono
          inputMode="numeric"
          required
          value={appId}
          onChange={setAppId}
        />
      )}
      <TextField label="Name" required maxLength={200} value={name} onChange={setName} />
      <Field label="Kind" help="An inbox is a tool of people: it may always take control.">
        {(control) => (
          <select
            {...control}
            className="input"
            value={kind}
            onChange={({ target }) => setKind(target.value === 'inbox' ? 'inbox' : 'bot')}
          >
            <option value="bot">Bot</option>
            <option value="inbox">Inbox</option>
          </select>
        )}
      </Field>
      <TextField
        label="Callback URL"
        help="Where webhooks are posted. A new address is asked with hub.challenge first, and must answer it."
        mono
        type="url"
        value={callbackUrl}
        onChange={setCallbackUrl}
      />
      <TextField
        label="Verify token"
        help={
          app === null ? 'What the callback expects. Left empty: one is generated.' : 'Left empty: it stays as it is.'
        }
        mono
        autoComplete="off"
        value={verifyToken}
        onChange={setVerifyToken}
      />
      <TextField
        label="Events in one POST, at most"
        help="Many bots read only the first one: then leave it at 1."
        type="number"
        min={1}
        max={100}
        required
        value={batchSize}
        onChange={setBatchSize}
      />
    </FormDialog>
  );
}

function DeleteAppDialog({ app, onClose }: { app: App; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={`Delete ${app.name}`}
      submit="Delete"
      change={() => api.delete<undefined>(path`/apps/${app.app_id}`)}
      onClose={onClose}
    >
      <p>Its connections, tokens and routes go with it, and threads that it owns are released.</p>
    </ConfirmDialog>
  );
}
