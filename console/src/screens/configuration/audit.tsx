import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { AuditEntry, ListPage } from '../../api/types.js';
import { dateAndTime, fullMoment } from '../../clock/format.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { AdminsOnly } from './admins-only.js';
import { actionWords, changedParts } from './audit-words.js';

const entriesAtOnce = 100;

const auditQuery = infiniteQueryOptions({
  queryKey: [...keys.configuration, 'audit'],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) =>
    api.get<ListPage<AuditEntry>>('/audit', { cursor: pageParam, limit: entriesAtOnce }, signal),
  getNextPageParam: ({ next_cursor }) => next_cursor,
});

export function Audit() {
  return (
    <AdminsOnly what="audit trail">
      <AuditList />
    </AdminsOnly>
  );
}

/** Who did what, the latest first. */
function AuditList() {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery);
  const [opened, setOpened] = useState<AuditEntry | null>(null);
  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={8} />;
  const entries = data.pages.flatMap((page) => page.data);
  return (
    <section className="panel" aria-label="Audit trail">
      <header className="panel-head">
        <h2>Audit trail</h2>
        <span className="faint">Every change made through the API, every sign-in and sign-out. In real time.</span>
      </header>
      {entries.length === 0 ? (
        <Empty icon={ScrollText} title="Nothing was changed yet">
          Whoever signs in, and whatever is changed, is written here.
        </Empty>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>At</th>
                <th>Who</th>
                <th>What</th>
                <th>From</th>
                <th>
                  <span className="visually-hidden">Open</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={entry.id}>
                  <td>
                    <time dateTime={entry.at} title={fullMoment(Date.parse(entry.at))}>
                      {dateAndTime(Date.parse(entry.at))}
                    </time>
                  </td>
                  <td>
                    {entry.name} <Badge>{entry.role}</Badge>
                  </td>
                  <td className="configuration-wide">
                    {actionWords(entry)} <span className="faint mono">{Object.values(entry.object).join(' · ')}</span>
                  </td>
                  <td className="mono faint">{entry.address}</td>
                  <td className="configuration-actions">
                    <Button
                      size="small"
                      aria-label={`Open entry ${entry.id}: ${actionWords(entry)}`}
                      onClick={() => setOpened(entry)}
                    >
                      Open
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {hasNextPage && (
        <div className="configuration-more">
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? 'Reading…' : 'Older entries'}
          </Button>
        </div>
      )}
      {opened !== null && <EntryDialog entry={opened} onClose={() => setOpened(null)} />}
    </section>
  );
}

function EntryDialog({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const parts = changedParts(entry.before, entry.after);
  return (
    <Dialog title={`${entry.name} ${actionWords(entry)}`} size="wide" onClose={onClose}>
      <dl className="facts">
        <dt>At</dt>
        <dd>{fullMoment(Date.parse(entry.at))}</dd>
        <dt>Who</dt>
        <dd>
          {entry.name}, {entry.role},{' '}
          {entry.token_id === null ? 'with the installation’s own token' : <code>{entry.token_id}</code>}
        </dd>
        <dt>From</dt>
        <dd className="mono">{entry.address}</dd>
        <dt>Route</dt>
        <dd className="mono">{entry.action}</dd>
        {Object.entries(entry.object).map(([name, value]) => (
          <div key={name} className="facts-row">
            <dt>{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
        <dt>Trace id</dt>
        <dd>
          <code>{entry.trace_id}</code> <CopyButton text={entry.trace_id} />
        </dd>
      </dl>
      {parts.length === 0 ? (
        <p className="faint">This action has no state to compare.</p>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Part</th>
                <th>Before</th>
                <th>After</th>
              </tr>
            </thead>
            <tbody>
              {parts.map(({ name, before, after }) => (
                <tr key={name}>
                  <td className="mono">{name}</td>
                  <td className="configuration-wide mono">{before ?? <span className="faint">–</span>}</td>
                  <td className="configuration-wide mono">{after ?? <span className="faint">–</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Dialog>
  );
}
