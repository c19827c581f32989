import { useQuery } from '@tanstack/react-query';
import { Signpost } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { pagesQuery } from '../../api/queries.js';
import type { Page } from '../../api/types.js';
import { useScope } from '../../app/scope.js';
import { AppChip } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { Checks } from './checks.js';
import { Connections } from './connections.js';
import { useMayEdit } from './editing.js';
import { PageDialog } from './page-dialog.js';
import { AdRoutes, LinkRoutes } from './routes.js';
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
      <Checks pageId={pageId} />
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
  const mayEdit = useMayEdit();
  const [editing, setEditing] = useState(false);
  const sides = [
    { name: 'Messenger', id: page.page_id, routing: page },
    ...(page.instagram === null ? [] : [{ name: 'Instagram', id: page.instagram.id, routing: page.instagram }]),
  ];
  return (
    <section className="panel" aria-label="Page">
      <header className="panel-head">
        <h2>{page.name}</h2>
        <Button disabled={!mayEdit} onClick={() => setEditing(true)}>
          Change…
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
      {editing && <PageDialog page={page} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />}
    </section>
  );
}
