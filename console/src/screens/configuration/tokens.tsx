import { queryOptions, useQuery } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { everything } from '../../api/everything.js';
import { keys } from '../../api/queries.js';
import type { AdminToken, CreatedAdminToken, Role } from '../../api/types.js';
import { useNow } from '../../clock/clock.js';
import { Ago, Moment } from '../../clock/time.js';
import { Badge, type Tone } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { TextField } from '../../ui/text-field.js';
import { AdminsOnly } from './admins-only.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';
import { SecretsDialog, type Secret } from './secrets-dialog.js';

const tokensQuery = queryOptions({
  queryKey: [...keys.configuration, 'tokens'],
  queryFn: ({ signal }) => everything<AdminToken>('/tokens', {}, signal),
});

const roleTones: Readonly<Record<Role, Tone>> = { viewer: 'plain', operator: 'accent', admin: 'warn' };
const roleHelp: Readonly<Record<Role, string>> = {
  viewer: 'sees everything but message text, and changes nothing',
  operator: 'also reads messages, moves threads, pauses and replays',
  admin: 'also changes the configuration, and gives tokens',
};
const roles: readonly Role[] = ['viewer', 'operator', 'admin'];

export function Tokens() {
  return (
    <AdminsOnly what="admin tokens">
      <TokenList />
    </AdminsOnly>
  );
}

/** Who may use the API and this console, and as what. */
function TokenList() {
  const { data: tokens, error, refetch } = useQuery(tokensQuery);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<AdminToken | null>(null);
  const [secrets, setSecrets] = useState<readonly Secret[]>([]);
  if (error !== null && tokens === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (tokens === undefined) return <Skeleton />;
  return (
    <section className="panel" aria-label="Admin tokens">
      <header className="panel-head">
        <h2>Admin tokens</h2>
        <Button kind="primary" onClick={() => setCreating(true)}>
          <Plus aria-hidden /> New token
        </Button>
      </header>
      {tokens.length === 0 ? (
        <Empty icon={KeyRound} title="Only the installation’s own token works">
          Give everybody, and every program, a token of their own: the audit trail tells them apart, and one can be
          revoked without the others.
        </Empty>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Role</th>
                <th>Created</th>
                <th>Last used</th>
                <th>Ends</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {tokens.map((token) => (
                <TokenRow key={token.token_id} token={token} revoke={() => setRevoking(token)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {creating && <TokenDialog onClose={() => setCreating(false)} onSecrets={setSecrets} />}
      {revoking !== null && <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
      {secrets.length > 0 && <SecretsDialog secrets={secrets} onClose={() => setSecrets([])} />}
    </section>
  );
}

function TokenRow({ token, revoke }: { token: AdminToken; revoke: () => void }) {
  const now = useNow(30_000);
  const ended = token.revoked_at !== null || (token.expires_at !== null && Date.parse(token.expires_at) <= now);
  return (
    <tr data-ended={ended}>
      <td>
        {token.name} <span className="faint mono">{token.token_id}</span>
      </td>
      <td>
        <Badge tone={roleTones[token.role]} title={`Whoever has it ${roleHelp[token.role]}.`}>
          {token.role}
        </Badge>
      </td>
      <td>
        <Moment at={token.created_at} />
      </td>
      <td>{token.last_used_at === null ? <span className="faint">never</span> : <Ago at={token.last_used_at} />}</td>
      <td>
        {token.revoked_at !== null ? (
          <Badge tone="bad">
            revoked <Moment at={token.revoked_at} />
          </Badge>
        ) : token.expires_at === null ? (
          <span className="faint">never</span>
        ) : (
          <Moment at={token.expires_at} />
        )}
      </td>
      <td className="configuration-actions">
        {!ended && (
          <Button size="small" kind="danger" onClick={revoke}>
            Revoke…
          </Button>
        )}
      </td>
    </tr>
  );
}

const dayMs = 86_400_000;
const lifetimes = [
  { name: 'in a day', days: 1 },
  { name: 'in 30 days', days: 30 },
  { name: 'in a year', days: 365 },
  { name: 'never', days: null },
] as const;

interface TokenDialogProps {
  readonly onClose: () => void;
  readonly onSecrets: (secrets: readonly Secret[]) => void;
}

function TokenDialog({ onClose, onSecrets }: TokenDialogProps) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [lifetime, setLifetime] = useState<(typeof lifetimes)[number]>(lifetimes[1]);
  const create = useChange(
    () =>
      api.post<CreatedAdminToken>('/tokens', {
        name: name.trim(),
        role,
        // Tokens end by real time, also in the emulator, whose clock may be somewhere else.
        ...(lifetime.days !== null && { expires_at: new Date(Date.now() + lifetime.days * dayMs).toISOString() }),
      }),
    ({ token }) => {
      onClose();
      onSecrets([{ name: 'admin token', value: token }]);
    },
  );
  return (
    <FormDialog
      title="A new admin token"
      submit="Make the token"
      pending={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Name"
        help="Who or what uses it. The audit trail says this name."
        required
        maxLength={200}
        value={name}
        onChange={setName}
      />
      <fieldset className="configuration-checks">
        <legend className="field-label">Role</legend>
        {roles.map((each) => (
          <label key={each}>
            <input type="radio" name="role" checked={role === each} onChange={() => setRole(each)} />
            <span>
              {each} <span className="faint">{roleHelp[each]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Field label="It ends">
        {(control) => (
          <select
            {...control}
            className="input"
            value={lifetime.name}
            onChange={({ target }) => setLifetime(lifetimes.find((each) => each.name === target.value) ?? lifetimes[1])}
          >
            {lifetimes.map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  );
}

function RevokeDialog({ token, onClose }: { token: AdminToken; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={`Revoke the token of ${token.name}`}
      submit="Revoke"
      change={() => api.delete<undefined>(path`/tokens/${token.token_id}`)}
      onClose={onClose}
    >
      <p>It ends at once, and with it every session that was opened with it. This cannot be taken back.</p>
    </ConfirmDialog>
  );
}
