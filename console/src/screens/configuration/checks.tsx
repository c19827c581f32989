import { queryOptions, useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, Info } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { ConfigurationCheck, Page } from '../../api/types.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { CheckFix } from './check-fix.js';
import { SecretsDialog, type Secret } from './secrets-dialog.js';

const checksQuery = (pageId: string) =>
  queryOptions({
    queryKey: [...keys.configuration, 'checks', pageId],
    queryFn: ({ signal }) => api.get<{ data: ConfigurationCheck[] }>(path`/pages/${pageId}/checks`, {}, signal),
  });

/** What is wrong with the configuration of a page, why it matters, and what one click can do about it. */
export function Checks({ page }: { page: Page }) {
  const { data: checks, error, refetch } = useQuery(checksQuery(page.page_id));
  const [secrets, setSecrets] = useState<readonly Secret[]>([]);
  return (
    <section className="panel" aria-label="Checks">
      <header className="panel-head">
        <h2>Checks</h2>
      </header>
      {error !== null && checks === undefined ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : checks === undefined ? (
        <Skeleton lines={2} />
      ) : checks.data.length === 0 ? (
        <p className="check" data-severity="none">
          <CircleCheck aria-hidden /> Nothing is wrong with the configuration of this page.
        </p>
      ) : (
        <ul>
          {checks.data.map((check) => (
            <li
              key={`${check.code} ${check.app_id ?? ''} ${check.channel ?? ''} ${check.message}`}
              className="check"
              data-severity={check.severity}
            >
              {check.severity === 'info' ? <Info aria-hidden /> : <CircleAlert aria-hidden />}
              <div className="check-text">
                <p>
                  <span className="visually-hidden">{check.severity}: </span>
                  <strong>{check.message}</strong>
                </p>
                <p className="check-help">
                  {check.why} {check.help}
                </p>
              </div>
              <CheckFix check={check} page={page} onSecrets={setSecrets} />
            </li>
          ))}
        </ul>
      )}
      {secrets.length > 0 && <SecretsDialog secrets={secrets} onClose={() => setSecrets([])} />}
    </section>
  );
}
