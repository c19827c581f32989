import { useQuery } from '@tanstack/react-query';
import { FileText, Plus } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { pagesQuery } from '../../api/queries.js';
import { useScope } from '../../app/scope.js';
import { useRefusal } from '../../app/role.js';
import { AppChip } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { PageDialog } from './page-dialog.js';

export function Pages() {
  const scope = useScope();
  const navigate = useNavigate();
  const refusal = useRefusal('admin');
  const { data: pages, error, refetch } = useQuery(pagesQuery);
  const [adding, setAdding] = useState(false);
  if (error !== null && pages === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (pages === undefined) return <Skeleton />;
  const add = (
    <Button kind="primary" refusal={refusal} onClick={() => setAdding(true)}>
      <Plus aria-hidden /> Add a page
    </Button>
  );
  return (
    <section className="panel" aria-label="Pages">
      <header className="panel-head">
        <h2>Pages</h2>
        {add}
      </header>
      {pages.length === 0 ? (
        <Empty icon={FileText} title="No pages yet">
          People write to pages. Add one, then connect the apps that answer.
        </Empty>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>Page</th>
              <th>Messenger goes to</th>
              <th>Instagram goes to</th>
            </tr>
          </thead>
          <tbody>
            {pages.map((page) => (
              <tr key={page.page_id}>
                <td>
                  <Link className="configuration-link" to={scope.to(`/configuration/pages/${page.page_id}`)}>
                    {page.name}
                  </Link>{' '}
                  <span className="faint mono">{page.page_id}</span>
                </td>
                <td>
                  <AppChip appId={page.default_app_id} nobody="no default app" />
                </td>
                <td>
                  {page.instagram === null ? (
                    <span className="faint">not linked</span>
                  ) : (
                    <AppChip appId={page.instagram.default_app_id} nobody="no default app" />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && (
        <PageDialog
          page={null}
          onClose={() => setAdding(false)}
          onSaved={(page) => void navigate(scope.to(`/configuration/pages/${page.page_id}`))}
        />
      )}
    </section>
  );
}
