import { useQuery } from '@tanstack/react-query';
import { Link2, Plus } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { linkRoutesQuery } from '../../api/queries.js';
import type { LinkRoute } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { AppChip } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { TextField } from '../../ui/text-field.js';
import { AppSelect } from './app-select.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';
import { RouteActions } from './route-actions.js';

export function LinkRoutes({ pageId }: { pageId: string }) {
  const refusal = useRefusal('admin');
  const { data: links, error, refetch } = useQuery(linkRoutesQuery(pageId));
  const [editing, setEditing] = useState<LinkRoute | 'new' | null>(null);
  const [removing, setRemoving] = useState<LinkRoute | null>(null);
  return (
    <section className="panel" aria-label="Links">
      <header className="panel-head">
        <h2>Links</h2>
        <Button size="small" refusal={refusal} onClick={() => setEditing('new')}>
          <Plus aria-hidden /> Route a link
        </Button>
      </header>
      {error !== null && links === undefined ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : links === undefined ? (
        <Skeleton />
      ) : links.length === 0 ? (
        <Empty icon={Link2} title="No link is routed">
          Route the ref of an m.me or ig.me link to give it an app of its own.
        </Empty>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Ref</th>
                <th>Goes to</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {links.map((link) => (
                <tr key={link.ref}>
                  <td className="configuration-wide mono">{link.ref}</td>
                  <td>
                    <AppChip appId={link.app_id} />
                  </td>
                  <td className="configuration-actions">
                    <RouteActions
                      name={`the link ${link.ref}`}
                      onChange={() => setEditing(link)}
                      onRemove={() => setRemoving(link)}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing !== null && (
        <LinkDialog pageId={pageId} link={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
      )}
      {removing !== null && <RemoveLinkDialog link={removing} onClose={() => setRemoving(null)} />}
    </section>
  );
}

interface LinkDialogProps {
  readonly pageId: string;
  /** Null: a new one. */
  readonly link: LinkRoute | null;
  readonly onClose: () => void;
}

function LinkDialog({ pageId, link, onClose }: LinkDialogProps) {
  const [ref, setRef] = useState(link?.ref ?? '');
  const [appId, setAppId] = useState<string | null>(link?.app_id ?? null);
  const save = useChange(
    () => api.put<LinkRoute>(path`/pages/${pageId}/routes/links/${link?.ref ?? ref.trim()}`, { app_id: appId }),
    onClose,
  );
  return (
    <FormDialog
      title={link === null ? 'Route a link' : `Change the link ${link.ref}`}
      submit="Save"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      {link === null && (
        <TextField
          label="Ref"
          help="As in m.me/page?ref=… or ig.me/m/name?ref=…"
          mono
          required
          maxLength={2083}
          value={ref}
          onChange={setRef}
        />
      )}
      <AppSelect label="Its conversations go to" value={appId} onChange={setAppId} />
    </FormDialog>
  );
}

function RemoveLinkDialog({ link, onClose }: { link: LinkRoute; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={`No longer route the link ${link.ref}`}
      submit="Stop routing it"
      change={() => api.delete<undefined>(path`/pages/${link.page_id}/routes/links/${link.ref}`)}
      onClose={onClose}
    >
      <p>Whoever opens it from now on goes where everybody goes. Conversations that it began stay where they are.</p>
    </ConfirmDialog>
  );
}
