import { useQuery } from '@tanstack/react-query';
import { Signpost } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { api, path } from '../../api/client.js';
import { pagesQuery, sessionQuery } from '../../api/queries.js';
import type { Page } from '../../api/types.js';
import { useScope } from '../../app/scope.js';
import { useRefusal } from '../../app/role.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { AdRoutes } from './ad-routes.js';
import { Checks } from './checks.js';
import { Connections } from './connections.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';
import { LinkRoutes } from './link-routes.js';
import { PageDialog } from './page-dialog.js';
import { TryOut } from './try-out.js';

/** Everything about one page: what is wrong, who is connected, where conversations go, and a try-out. */
export function PageScreen() {
  const { pageId = '' } = useParams();
  const scope = useScope();
  const { data: pages, error, refetch } = useQuery(pagesQuery);
  if (error !== null && pages === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (pages === undefined) return <Skeleton lines={8} />;
  const page = pages.find(({ page_id }) => page_id === pageId);
  if (page === undefined) {
    return (
      <Empty
        icon={Signpost}
        title="There is no such page"
        actions={
          <Link className="button" to={scope.to('/configuration')}>
            Go to the pages
          </Link>
        }
      >
        It may have been deleted.
      </Empty>
    );
  }
  return (
    <>
      <Routing page={page} />
      <Checks page={page} />
      <Connections page={page} />
      <div className="configuration-pair">
        <AdRoutes pageId={pageId} />
        <LinkRoutes pageId={pageId} />
      </div>
      <TryOut page={page} />
    </>
  );
}

function Routing({ page }: { page: Page }) {
  const refusal = useRefusal('admin');
  const { data: session } = useQuery(sessionQuery);
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const sides = [
    { name: 'Messenger', id: page.page_id, routing: page },
    ...(page.instagram === null ? [] : [{ name: 'Instagram', id: page.instagram.id, routing: page.instagram }]),
  ];
  return (
    <section className="panel" aria-label="Page">
      <header className="panel-head">
        <h2>{page.name}</h2>
        <Button refusal={refusal} onClick={() => setEditing(true)}>
          Change…
        </Button>
        <Button kind="danger" refusal={refusal} onClick={() => setDeleting(true)}>
          Delete…
        </Button>
      </header>
      <table className="table">
        <thead>
          <tr>
            <th>Channel</th>
            <th>Id</th>
            <th>Default app</th>
            <th>Social app</th>
          </tr>
        </thead>
        <tbody>
          {sides.map(({ name, id, routing }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className="mono">{id}</td>
              <td>
                <AppChip appId={routing.default_app_id} nobody="none: routing is off" />
              </td>
              <td>
                <AppChip appId={routing.social_app_id} nobody="none" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="configuration-foot">
        {page.outside_replies === 'inbox_takes'
          ? 'When somebody answers past Signalbox, the page’s inbox takes the thread.'
          : 'When somebody answers past Signalbox, apps are only told.'}
        {session?.mode === 'gateway' && (
          <>
            {' '}
            <Badge tone={page.meta.configured ? 'good' : 'bad'}>
              {page.meta.configured ? 'The gateway has a page token' : 'No page token: nothing can be sent'}
            </Badge>
          </>
        )}
      </p>
      {deleting && <DeletePageDialog page={page} onClose={() => setDeleting(false)} />}
      {editing && <PageDialog page={page} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />}
    </section>
  );
}

function DeletePageDialog({ page, onClose }: { page: Page; onClose: () => void }) {
  const scope = useScope();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [mismatch, setMismatch] = useState(false);
  const remove = useChange(
    () => api.delete<undefined>(path`/pages/${page.page_id}`),
    () => void navigate(scope.to('/configuration')),
  );
  return (
    <FormDialog
      title={`Delete ${page.name}`}
      submit="Delete the page"
      danger
      pending={remove.isPending}
      error={remove.error}
      onSubmit={() => {
        if (typed.trim() === page.name) remove.mutate(undefined);
        else setMismatch(true);
      }}
      onClose={onClose}
    >
      <p>
        Its connections, tokens and routes go with it, and what people write to it is refused from then on. The log
        stays. This cannot be taken back.
      </p>
      <Field
        label={`Enter the page’s name, ${page.name}, to delete it`}
        error={mismatch ? 'This is not the name of the page.' : null}
      >
        {(control) => (
          <input
            {...control}
            className="input"
            required
            autoComplete="off"
            value={typed}
            onChange={({ target }) => {
              setTyped(target.value);
              setMismatch(false);
            }}
          />
        )}
      </Field>
    </FormDialog>
  );
}
