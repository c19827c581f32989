import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { connectionsQuery, threadDeliveriesQuery } from '../../api/queries.js';
import type { Delivery } from '../../api/types.js';
import { clockTime } from '../../clock/format.js';
import { AppChip } from '../../ui/app-chip.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { DeliveryDialog } from './delivery-dialog.js';
import { participantsOf, receivedAs } from './sequence.js';
import type { Step } from './story.js';
import { sentenceOf, type Names } from './words.js';

interface Props {
  readonly pageId: string;
  readonly psid: string;
  readonly steps: readonly Step[];
  readonly names: Names;
  readonly current: number;
}

const gotNames = {
  message: 'Message',
  standby: 'Standby',
  echo: 'Echo',
  pass: 'Gets control',
  take: 'Loses control',
} as const;

/** Who got what: an event a row, an app a column. */
export function AppColumns({ pageId, psid, steps, names, current }: Props) {
  const { data: connections = [] } = useQuery(connectionsQuery(pageId));
  const { data: deliveries, error, refetch } = useQuery(threadDeliveriesQuery(pageId, psid));
  const [open, setOpen] = useState<string | null>(null);
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  if (deliveries === undefined) return <Skeleton lines={6} />;
  const shown = steps.slice(0, current + 1).reverse();
  const apps = participantsOf(
    steps.map(({ entry }) => entry),
    connections.map(({ app_id }) => app_id),
  ).slice(2);
  const byEvent = Map.groupBy(deliveries, ({ event_id }) => event_id);
  if (shown.length === 0 || apps.length === 0) {
    return (
      <Empty title="No app has got anything by then">Connect apps to the page, and let the person do something.</Empty>
    );
  }
  return (
    <div className="columns" tabIndex={0} role="region" aria-label="What each app received">
      <table className="columns-table">
        <thead>
          <tr>
            <th scope="col">Event, newest first</th>
            {apps.map((appId) => (
              <th key={appId} scope="col">
                <AppChip appId={appId} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((step) => (
            <tr key={step.entry.id} data-refused={step.entry.outcome === 'refused'}>
              <th scope="row">
                <time dateTime={step.entry.at}>{clockTime(Date.parse(step.entry.at))}</time>
                <span>{sentenceOf(step, names)}</span>
              </th>
              {apps.map((appId) => (
                <td key={appId} data-owner={step.entry.owner_app_id === appId}>
                  <Got
                    deliveries={(byEvent.get(step.entry.id) ?? []).filter(({ app_id }) => app_id === appId)}
                    step={step}
                    appId={appId}
                    onOpen={setOpen}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {open !== null && <DeliveryDialog id={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

function Got({
  deliveries,
  step,
  appId,
  onOpen,
}: {
  deliveries: readonly Delivery[];
  step: Step;
  appId: string;
  onOpen: (id: string) => void;
}) {
  const notices = step.entry.notices.filter(({ app_id }) => app_id === appId);
  if (notices.length === 0) return <span className="got-nothing">nothing</span>;
  return notices.map((notice, index) => {
    const what = receivedAs(step.entry, notice);
    const delivery = deliveries[index];
    if (delivery === undefined) {
      return (
        <span key={index} className="got" data-what={what}>
          {gotNames[what]}
        </span>
      );
    }
    return (
      <button
        key={delivery.id}
        type="button"
        className="got"
        data-what={what}
        data-status={delivery.status}
        title={delivery.reason ?? delivery.status}
        onClick={() => onOpen(delivery.id)}
      >
        {gotNames[what]}
        <span className="got-status">{statusNames[delivery.status]}</span>
      </button>
    );
  });
}

/** Short; nothing for what went well. */
const statusNames: Readonly<Record<Delivery['status'], string>> = {
  delivered: '',
  pending: 'on its way',
  held: 'held',
  retrying: 'retrying',
  dead_letter: 'given up',
  replaying: 'again',
};
