import { useQuery } from '@tanstack/react-query';
import { Plug, Plus } from 'lucide-react';
import { useState } from 'react';
import type { webhookFields } from '../../../../src/domain/page.js';
import { api, path } from '../../api/client.js';
import { appsQuery, connectionsQuery } from '../../api/queries.js';
import type { Connection, Page } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { AppChip, useApps } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { AppSelect } from './app-select.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';
import { SecretsDialog, type Secret } from './secrets-dialog.js';

type WebhookField = (typeof webhookFields)[number];

/** What an app can hear, and what that is for people. The compiler sees that none is missing. */
const fieldHelp: Readonly<Record<WebhookField, string>> = {
  messages: 'what people write',
  messaging_postbacks: 'buttons and Get Started',
  messaging_referrals: 'ads and links',
  messaging_handovers: 'who gets and loses control',
  standby: 'copies of conversations of others',
  message_echoes: 'what apps write',
  message_reactions: 'reactions',
  message_reads: 'what was read',
  message_deliveries: 'what arrived',
  message_edits: 'edited messages',
  messaging_optins: 'opt-ins',
};
const fields = Object.keys(fieldHelp).filter((name): name is WebhookField => Object.hasOwn(fieldHelp, name));

export function Connections({ page }: { page: Page }) {
  const pageId = page.page_id;
  const refusal = useRefusal('admin');
  const { nameOf } = useApps();
  const { data: connections, error, refetch } = useQuery(connectionsQuery(pageId));
  const { data: apps = [] } = useQuery(appsQuery);
  const [editing, setEditing] = useState<Connection | 'new' | null>(null);
  const [removing, setRemoving] = useState<Connection | null>(null);
  const [renewing, setRenewing] = useState<Connection | null>(null);
  const [secrets, setSecrets] = useState<readonly Secret[]>([]);
  if (error !== null && connections === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (connections === undefined) return <Skeleton />;
  const inboxes = new Set(apps.filter(({ kind }) => kind === 'inbox').map(({ app_id }) => app_id));
  return (
    <section className="panel" aria-label="Connected apps">
      <header className="panel-head">
        <h2>Connected apps</h2>
        <Button refusal={refusal} onClick={() => setEditing('new')}>
          <Plus aria-hidden /> Connect an app
        </Button>
      </header>
      {connections.length === 0 ? (
        <Empty icon={Plug} title="No app is connected">
          Nobody hears what people write to {page.name}. Connect an app.
        </Empty>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>App</th>
                <th>Hears</th>
                <th>Standby</th>
                <th>May take control</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {connections.map((connection) => (
                <tr key={connection.app_id}>
                  <td>
                    <AppChip appId={connection.app_id} />
                  </td>
                  <td className="configuration-fields">
                    {connection.subscribed_fields.length === fields.length
                      ? 'everything'
                      : connection.subscribed_fields.join(', ')}
                    {connection.effective_fields.length < connection.subscribed_fields.length && (
                      <Badge tone="warn" title={`Delivered: ${connection.effective_fields.join(', ') || 'nothing'}`}>
                        the app itself subscribes to less
                      </Badge>
                    )}
                  </td>
                  <td>
                    <div className="configuration-standby">
                      {(['messenger', 'instagram'] as const).map((channel) => (
                        <Badge key={channel} tone={connection.standby[channel] ? 'good' : 'plain'}>
                          {channel === 'messenger' ? 'Messenger' : 'Instagram'}{' '}
                          {connection.standby[channel] ? 'on' : 'off'}
                        </Badge>
                      ))}
                    </div>
                  </td>
                  <td>{inboxes.has(connection.app_id) ? 'always' : connection.can_take_control ? 'yes' : 'no'}</td>
                  <td className="configuration-actions">
                    <Button size="small" refusal={refusal} onClick={() => setEditing(connection)}>
                      Change…
                    </Button>
                    <Button size="small" refusal={refusal} onClick={() => setRenewing(connection)}>
                      New token…
                    </Button>
                    <Button size="small" kind="danger" refusal={refusal} onClick={() => setRemoving(connection)}>
                      Disconnect…
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing !== null && (
        <ConnectionDialog
          page={page}
          connection={editing === 'new' ? null : editing}
          connected={connections.map(({ app_id }) => app_id)}
          onClose={() => setEditing(null)}
          onSecrets={setSecrets}
        />
      )}
      {renewing !== null && (
        <TokenDialog connection={renewing} onClose={() => setRenewing(null)} onSecrets={setSecrets} />
      )}
      {removing !== null && (
        <DisconnectDialog
          connection={removing}
          name={nameOf(removing.app_id)}
          page={page.name}
          onClose={() => setRemoving(null)}
        />
      )}
      {secrets.length > 0 && <SecretsDialog secrets={secrets} onClose={() => setSecrets([])} />}
    </section>
  );
}

interface ConnectionDialogProps {
  readonly page: Page;
  /** Null: a new one. */
  readonly connection: Connection | null;
  readonly connected: readonly string[];
  readonly onClose: () => void;
  readonly onSecrets: (secrets: readonly Secret[]) => void;
}

function ConnectionDialog({ page, connection, connected, onClose, onSecrets }: ConnectionDialogProps) {
  const { data: apps = [] } = useQuery(appsQuery);
  const [appId, setAppId] = useState(connection?.app_id ?? null);
  const [hears, setHears] = useState<ReadonlySet<WebhookField>>(new Set(connection?.subscribed_fields ?? fields));
  const [standby, setStandby] = useState(
    connection?.standby ?? { messenger: page.standby_on_connect, instagram: page.standby_on_connect },
  );
  const [mayTake, setMayTake] = useState(connection?.can_take_control ?? false);
  const isInbox = apps.some(({ app_id, kind }) => app_id === appId && kind === 'inbox');
  const save = useChange(
    () =>
      api.put<Connection & { page_access_token?: string }>(path`/pages/${page.page_id}/apps/${appId ?? ''}`, {
        subscribed_fields: [...hears],
        standby,
        can_take_control: mayTake,
      }),
    ({ page_access_token: token }) => {
      onClose();
      if (token !== undefined) onSecrets([{ name: 'page access token', value: token }]);
    },
  );
  const toggle = (field: WebhookField, on: boolean) =>
    setHears((before) => new Set(on ? [...before, field] : [...before].filter((other) => other !== field)));
  return (
    <FormDialog
      title={connection === null ? `Connect an app to ${page.name}` : 'Change the connection'}
      submit={connection === null ? 'Connect' : 'Save'}
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      {connection === null && (
        <AppSelect
          label="App"
          value={appId}
          onChange={setAppId}
          among={apps.map(({ app_id }) => app_id).filter((id) => !connected.includes(id))}
        />
      )}
      <fieldset className="configuration-checks">
        <legend className="field-label">It hears</legend>
        {fields.map((field) => (
          <label key={field}>
            <input
              type="checkbox"
              checked={hears.has(field)}
              onChange={({ target }) => toggle(field, target.checked)}
            />
            <span>
              <code>{field}</code> <span className="faint">{fieldHelp[field]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset className="configuration-checks">
        <legend className="field-label">Copies of conversations that others own (standby)</legend>
        <label>
          <input
            type="checkbox"
            checked={standby.messenger}
            onChange={({ target }) => setStandby({ ...standby, messenger: target.checked })}
          />
          <span>on Messenger</span>
        </label>
        <label>
          <input
            type="checkbox"
            checked={standby.instagram}
            onChange={({ target }) => setStandby({ ...standby, instagram: target.checked })}
          />
          <span>on Instagram</span>
        </label>
      </fieldset>
      <fieldset className="configuration-checks">
        <legend className="field-label">Control</legend>
        <label>
          <input
            type="checkbox"
            checked={mayTake || isInbox}
            disabled={isInbox}
            onChange={({ target }) => setMayTake(target.checked)}
          />
          <span>{isInbox ? 'An inbox may always take control' : 'It takes control by writing, whoever has it'}</span>
        </label>
      </fieldset>
    </FormDialog>
  );
}

interface TokenDialogProps {
  readonly connection: Connection;
  readonly onClose: () => void;
  readonly onSecrets: (secrets: readonly Secret[]) => void;
}

function TokenDialog({ connection, onClose, onSecrets }: TokenDialogProps) {
  const { nameOf } = useApps();
  const renew = useChange(
    () => api.post<{ page_access_token: string }>(path`/pages/${connection.page_id}/apps/${connection.app_id}/token`),
    ({ page_access_token: token }) => {
      onClose();
      onSecrets([{ name: 'page access token', value: token }]);
    },
  );
  return (
    <FormDialog
      title={`A new token for ${nameOf(connection.app_id)}`}
      submit="Make a new token"
      pending={renew.isPending}
      error={renew.error}
      onSubmit={() => renew.mutate(undefined)}
      onClose={onClose}
    >
      <p>The tokens it has now still work for a day.</p>
    </FormDialog>
  );
}

interface DisconnectDialogProps {
  readonly connection: Connection;
  readonly name: string;
  readonly page: string;
  readonly onClose: () => void;
}

function DisconnectDialog({ connection, name, page, onClose }: DisconnectDialogProps) {
  return (
    <ConfirmDialog
      title={`Disconnect ${name} from ${page}`}
      submit="Disconnect"
      change={() => api.delete<undefined>(path`/pages/${connection.page_id}/apps/${connection.app_id}`)}
      onClose={onClose}
    >
      <p>
        Its tokens end at once, it is no longer a default or social app of the page, and threads that it owns are
        released.
      </p>
    </ConfirmDialog>
  );
}
