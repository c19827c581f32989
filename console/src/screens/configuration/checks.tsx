import { queryOptions, useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, Info } from 'lucide-react';
import { api, path } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { AppChip } from '../../ui/app-chip.js';
import { Failure, Skeleton } from '../../ui/state.js';

/** Something about a page's configuration that people should know, why it matters and what helps. */
interface Check {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly app_id?: string | null;
  readonly message: string;
  readonly help: string;
}

const checksQuery = (pageId: string) =>
  queryOptions({
    queryKey: [...keys.configuration, 'checks', pageId],
    queryFn: async ({ signal }) => {
      const answer = await api.get<Check[] | { data: Check[] }>(path`/pages/${pageId}/checks`, {}, signal);
      return Array.isArray(answer) ? answer : answer.data;
    },
  });

/** What is wrong with the configuration of a page. */
export function Checks({ pageId }: { pageId: string }) {
  const { data: checks, error, refetch } = useQuery(checksQuery(pageId));
  return (
    <section className="panel" aria-label="Checks">
      <header className="panel-head">
        <h2>Checks</h2>
      </header>
      {error !== null && checks === undefined ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : checks === undefined ? (
        <Skeleton lines={2} />
      ) : checks.length === 0 ? (
        <p className="check" data-severity="none">
          <CircleCheck aria-hidden /> Nothing is wrong with the configuration of this page.
        </p>
      ) : (
        <ul>
          {checks.map((check) => (
            <li
              key={`${check.code} ${check.app_id ?? ''} ${check.message}`}
              className="check"
              data-severity={check.severity}
            >
              {check.severity === 'info' ? <Info aria-hidden /> : <CircleAlert aria-hidden />}
              <div>
                <p>
                  <strong>{check.message}</strong> {check.app_id != null && <AppChip appId={check.app_id} />}
                </p>
                <p className="check-help">{check.help}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
